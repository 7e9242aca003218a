"""The terminal: a chat with one person, a line on standard input, a command for scripts."""

from bot.platforms.console.ask import ask
from bot.platforms.console.console import Console
from bot.platforms.console.place import PACE, PLACE, USER_ID
from bot.platforms.console.sender import ConsoleSender

__all__ = ["PACE", "PLACE", "USER_ID", "Console", "ConsoleSender", "ask"]

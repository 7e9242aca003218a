"""The Telegram side of the bot."""

from bot.platforms.telegram.adapter import PACE, Telegram
from bot.platforms.telegram.errors import WrongToken

__all__ = ["PACE", "Telegram", "WrongToken"]

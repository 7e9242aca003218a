"""Discord: slash commands, buttons and alert messages over one gateway connection and plain REST."""

import warnings

with warnings.catch_warnings():  # the library imports audioop for voice, which Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord as _library  # noqa: F401  # first import, so that the modules below do not warn

from bot.platforms.discord.bot import DiscordBot, Health
from bot.platforms.discord.errors import GatewayRefused, TokenRefused
from bot.platforms.discord.sender import PACE

__all__ = ["PACE", "DiscordBot", "GatewayRefused", "Health", "TokenRefused"]

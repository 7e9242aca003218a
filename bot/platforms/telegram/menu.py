"""Telegram's command menu: everything in private chats, in groups what a group can use."""

import re
from collections.abc import Iterable
from typing import Final

import structlog
from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeDefault
from telegram.error import TelegramError

from handlers.declaration import Command

log = structlog.get_logger()
_NAME: Final = re.compile(r"[a-z0-9_]{1,32}")  # core.telegram.org/bots/api#botcommand
_LONGEST: Final = 256
_MOST: Final = 100
_FOR_GROUPS: Final = ("alert",)  # changes something, and is what groups are for


def entries(commands: Iterable[Command], *, group: bool) -> tuple[BotCommand, ...]:
    """Return the menu's lines in the catalogue's order; a group of subcommands is one line."""
    shown: dict[str, Command] = {}
    for command in commands:
        name = command.path[0]
        if not _NAME.fullmatch(name) or (group and command.changes and name not in _FOR_GROUPS):
            continue
        if name not in shown or command.default:
            shown[name] = command
    return tuple(BotCommand(name, command.summary[:_LONGEST]) for name, command in shown.items())[:_MOST]


async def publish(bot: Bot, commands: tuple[Command, ...]) -> None:
    """Set both menus where they differ from what Telegram has; a failure is logged, the next start tries again."""
    scopes: tuple[tuple[BotCommandScope, bool], ...] = (
        (BotCommandScopeDefault(), False),
        (BotCommandScopeAllGroupChats(), True),
    )
    try:
        for scope, group in scopes:
            wanted = entries(commands, group=group)
            if await bot.get_my_commands(scope) != wanted:
                await bot.set_my_commands(wanted, scope)
    except TelegramError as failure:
        log.warning("telegram.menu_failed", error=type(failure).__name__)

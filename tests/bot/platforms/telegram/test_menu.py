"""The command menu: what is shown where, and that it is set only when it differs."""

from bot.platforms.telegram import Telegram
from bot.platforms.telegram.menu import entries
from services.counters import Counters
from tests.bot.platforms.telegram.conftest import Stage
from tests.bot.platforms.telegram.talk import COMMANDS, Painter, PatientClock, Talk
from tests.fakes.telegram import FakeTelegram, Fault, FaultKind


def test_a_group_of_commands_is_one_entry_with_its_default_summary() -> None:
    shown = [(entry.command, entry.description) for entry in entries(COMMANDS, group=False)]
    assert shown == [
        ("price", "Show the latest price of one coin or several."),
        ("alert", "Make an alert."),
        ("alerts", "Show your alerts."),
        ("settings", "Change what you like."),
    ]
    assert [entry.command for entry in entries(COMMANDS, group=True)] == ["price", "alert", "alerts"]


async def test_menus_are_set_by_scope_and_only_once(opened: Stage) -> None:
    tg = opened.tg
    assert [each.command for each in tg.commands()] == ["price", "alert", "alerts", "settings"]
    assert [each.command for each in tg.commands("all_group_chats")] == ["price", "alert", "alerts"]
    again = Telegram(opened.talk, Painter(), PatientClock(), Counters(), tg.token, tg.base_url)
    await again.open()
    await again.close()
    assert len(tg.calls("setMyCommands")) == 2


async def test_a_menu_that_fails_keeps_nothing_from_starting(tg: FakeTelegram) -> None:
    tg.faults.add(Fault(kind=FaultKind.SERVER_ERROR, method="getMyCommands"))
    telegram = Telegram(Talk(tg), Painter(), PatientClock(), Counters(), tg.token, tg.base_url)
    assert await telegram.open() == 7000000001
    await telegram.close()
    assert tg.commands() == ()

"""Every command's card, word for word: seed 1 of the simulated market, the clock standing still."""

from collections.abc import AsyncIterator

import pytest

from bot.render.card import TABLE_COLUMNS, table_lines
from tests.golden_files import golden
from tests.handlers.transcripts import EURO, shown, transcript
from tests.stage import ADMIN_IN_GROUP, ANN_IN_GROUP
from tests.world import World, scripted, simulated

WITH_NUMBERS = {
    "start": ("/start", "/start from_a_link"),
    "price": ("/price btc", "/price btc eth doge shib", "/price eth gbp", "/price btc eth jpy", "/p doge"),
    "price_left_out": ("/price btc banana", "/price bitcoin cash", "/price btc eth xyz eur", "/price btc sand bitcon"),
    "chart": ("/chart btc", "/chart eth 4h rsi bb", "/c doge 1d"),
    "top": ("/top", "/top 3 volume", "/top 3 change"),
    "movers": ("/movers", "/movers 1h", "/movers 7d"),
    "market": ("/market",),
    "info": ("/info btc", "/info shib"),
    "convert": ("/convert 1 btc eth", "/convert 100 usd btc", "/convert 0.5 btc to eur", "/convert 0 btc"),
    "settings": ("/settings", "/settings zone", "/settings currency", "/settings numbers"),
    "alert_by_buttons": ("/alert", "/alert btc", "/alert doge"),
    "alert_set": (
        "/alert btc > 200k", "/alert eth 2k 5k", "/alert eth -5% in 1h", "/alert eth -5%", "/alert sol > 1",
        '/alert btc crosses 130k every 4h until fri note "sell half"', "/alert eth > 0.05 btc", "/alert btc < 90k chf",
    ),
    "alert_asked": ("/alert eth 5%", "/alert btc > 200k 1h", "/alert btc 1m 1h"),
    "alerts": (
        "/alerts", "/alert btc > 200k", "/alert eth 2k", "/alert sol ±3% in 4h every 1d", "/alerts", "/alerts list eth",
        "/alerts list doge", "/alerts 1", "/alerts show 3", "/alerts pause 1", "/alerts resume 1",
        "/alerts snooze 1 2h", "/alerts edit 1 btc > 190k", "/alerts tune 1", "/alerts tune 3", "/alerts delete 1",
        "/alerts restore 1",
    ),
    "watch": (
        "/watch", "/watch btc eth doge", "/watch", "/watch add btc shib", "/watch remove 2", "/watch remove doge shib",
        "/watch remove btc", "/watch add sol", "/watch clear", "/watch clear yes", "/watch clear",
    ),
    "export": ("/alert btc > 200k", "/alert eth 2k every 4h", "/watch sol btc", "/export"),
}  # fmt: skip
IN_WORDS = {
    "help": ("/help", "/help price", "/help alerts snooze"),
    "about": ("/about", "/privacy", "/status"),
    "forget": ("/forget", "/forget yes"),
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with simulated() as running:
        yield running


@pytest.mark.parametrize("name", [*WITH_NUMBERS, *IN_WORDS])
async def test_cards(world: World, name: str) -> None:
    golden(f"cards/{name}", await transcript(world, {**WITH_NUMBERS, **IN_WORDS}[name]))


@pytest.mark.parametrize("name", WITH_NUMBERS)
async def test_cards_in_euro_and_in_berlin(world: World, name: str) -> None:
    await transcript(world, EURO)
    golden(f"cards/euro/{name}", await transcript(world, WITH_NUMBERS[name]))


async def test_narrow_spaces_between_digits(world: World) -> None:
    await world.ask("/settings numbers 1 234.56")
    said = await transcript(world, ("/price btc", "/alert btc > 200\u202f000", "/convert 1\u202f000 usd btc"))
    golden("cards/narrow_spaces", said)


async def test_cards_in_a_group(world: World) -> None:
    own = await transcript(world, ("/alert btc > 200k", "/alerts", "/settings", "/watch btc", "/watch"), ANN_IN_GROUP)
    lines = (
        "/alert btc > 210k here",
        "/alert eth 5% here",
        "/alerts list here",
        "/alerts pause 1 here",
        "/alerts delete 1 here",
    )
    golden("cards/group", own + "\n\n" + await transcript(world, lines, ADMIN_IN_GROUP))


@pytest.mark.parametrize("settings", [(), EURO])
async def test_tables_fit_a_phone(world: World, settings: tuple[str, ...]) -> None:
    await transcript(world, settings)
    for name in ("start", "price", "top", "movers", "market", "info", "watch", "settings"):
        for line in WITH_NUMBERS[name]:
            table = (await world.reply(line)).card.table
            widest = max(map(len, table_lines(table, 1000)), default=0)
            assert widest <= TABLE_COLUMNS, line


async def test_alerts_as_they_are_told() -> None:
    async with scripted(btc=99, eth=10, eur=1.25) as world:
        for rule in ("btc > 100", 'btc crosses 100 every 1h note "sell half"', "btc +2% in 1h", "btc < 81.6 eur"):
            await world.ask(f"/alert {rule}")
        await world.ask("/alert btc > 100 here", ADMIN_IN_GROUP)
        await world.say_at(5, btc=100.5)
        await world.say_at(6, btc=101.9)
        await world.ask("/settings zone Asia/Tokyo")
        golden("cards/alerts_told", "\n\n".join(sorted(shown(each.reply) for each in world.alerts)))

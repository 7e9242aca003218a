"""Every card on every platform, word for word as it is sent; and what must hold for all of them."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.model import Reply
from services.domain.coins import Coin
from services.domain.deliveries import Parked
from tests.bot.platforms.screens import Screen, Screens, screens
from tests.fakes.market import FakeCatalogue, facts
from tests.golden_files import golden
from tests.stage import ADMIN_IN_GROUP, ANN, ANN_IN_GROUP, BEN, START, Seat, Told
from tests.world import World, scripted, simulated

Asked = tuple[tuple[str, str], ...]
"""(name of the card, line that is typed), in order; what is only typed has no name."""

START_AND_HELP: Asked = (
    ("start", "/start"),
    ("help", "/help"),
    ("help_price", "/help price"),
    ("help_alert", "/help alert"),
    ("help_alerts", "/help alerts"),
    ("about", "/about"),
    ("privacy", "/privacy"),
    ("status", "/status"),
)
MARKET: Asked = (
    ("price", "/price btc"),
    ("price_small", "/price shib"),
    ("price_several", "/price btc eth usdt pepe eur"),
    ("convert", "/convert 2 eth btc"),
    ("convert_fiat", "/convert 1250.5 eur sol"),
    ("top", "/top"),
    ("top_volume", "/top 5 volume"),
    ("movers", "/movers"),
    ("market", "/market"),
    ("info", "/info btc"),
    ("info_small", "/info shib"),
    ("chart", "/chart eth 4h"),
    ("chart_studies", "/chart btc 1d rsi macd"),
)
WATCHLIST: Asked = (
    ("watch_empty", "/watch"),
    ("watch_added", "/watch btc eth pepe"),
    ("watch", "/watch"),
    ("watch_removed", "/watch remove 2"),
    ("watch_clear", "/watch clear"),
    ("", "/watch ada bnb sol xrp doge trx link avax dot ltc bch xlm uni etc atom fil near apt arb op"),
    ("watch_many", "/watch"),
)
MINE: Asked = (
    ("settings", "/settings"),
    ("settings_zone", "/settings zone"),
    ("settings_currency", "/settings currency"),
    ("settings_numbers", "/settings numbers"),
    ("settings_changed", "/settings zone Asia/Singapore"),
    ("", "/settings currency eur"),
    ("", "/settings numbers 1.234,56"),
    ("price_for_me", "/price eth"),
    ("alert_for_me", "/alert btc 100k until 3d"),
    ("snoozed_for_me", "/alerts snooze 1 30m"),
    ("export", "/export"),
    ("forget", "/forget"),
    ("forgotten", "/forget yes"),
)
SETTING_ALERTS: Asked = (
    ("alerts_none", "/alerts"),
    ("alert_choose_coin", "/alert"),
    ("alert_choose_level", "/alert btc"),
    ("alert_choose_level_small", "/alert shib"),
    ("alert_saved", "/alert btc 130k"),
    ("alert_true_already", "/alert btc > 100k"),
    ("alert_several", "/alert btc 95k 120k 150k"),
    ("alert_move", "/alert eth -5% in 1h"),
    ("alert_from_now", "/alert eth -5%"),
    ("alert_with_terms", '/alert eth < 3000 every 4h until 3d note "buy some"'),
    ("alert_in_coin", "/alert eth > 0.05 btc"),
    ("alert_near", "/alert btc > 125106"),
    ("alert_ask_direction", "/alert eth 5%"),
    ("alert_ask_time", "/alert btc > 100k 1h"),
    ("alert_ask_number", "/alert btc 100.000"),
)
CHANGING_ALERTS: Asked = (
    ("", "/alert btc 130k"),
    ("", "/alert btc > 100k"),
    ("", '/alert eth < 3000 every 4h note "buy some"'),
    ("", "/alert sol ±3% in 1h"),
    ("alert_shown", "/alerts show 3"),
    ("alert_tune", "/alerts tune 3"),
    ("alert_tune_move", "/alerts tune 4"),
    ("alert_edited", "/alerts edit 1 btc > 140k"),
    ("alert_paused", "/alerts pause 3"),
    ("alert_snoozed", "/alerts snooze 2 4h"),
    ("alerts", "/alerts"),
    ("alert_resumed", "/alerts resume 3"),
    ("alert_deleted", "/alerts delete 1"),
    ("alert_restored", "/alerts restore 1"),
    ("alerts_one_coin", "/alerts list sol"),
)
REFUSALS: Asked = (
    ("refused_no_command", "/pricee btc"),
    ("refused_unknown_coin", "/price notacoin"),
    ("refused_typo", "/price bitcon"),
    ("refused_missing", "/price"),
    ("refused_too_many", "/status now"),
    ("refused_rule", "/alert btc > > 5"),
    ("refused_number", "/alerts show 99"),
    ("refused_zone", "/settings zone berlni"),
    ("refused_currency", "/settings currency xyz"),
    ("refused_words", "what is this"),
    ("refused_no_price", "/price sand"),
)
_MARKET_NUMBER = re.compile(r"[$€][\d.,]+ +[+−]|Now [$€\d]|^now |[+−][\d.,]+% |24h volume", re.MULTILINE)
_SOURCE_LINE = {
    "telegram": re.compile(r" · \d{1,2} \w{3} \d{4},? \d\d:\d\d:\d\d UTC[^\n]*\Z"),
    "discord": re.compile(r" · (<t:\d+:R>|<t:\d+:f> · \*\*<t:\d+:R>\*\*)\Z"),
}


@pytest.fixture
async def shown() -> AsyncIterator[Screens]:
    async with screens() as both:
        yield both


async def hold(shown: Screens, name: str, reply: Reply[object]) -> None:
    """Hold an answer on both platforms against its files, and against what every card owes."""
    _judge("telegram", name, await shown.on_telegram(reply))
    _judge("discord", name, await shown.on_discord(reply))


async def hold_told(shown: Screens, name: str, alert: Told, *, repeat: bool = False) -> None:
    """Hold the message of an alert in the same way; its short code is always the same one here."""
    note = re.sub(r"[0-9A-Z]{6}$", "K7Q2MX", alert.reply.card.notes[-1])
    reply = replace(alert.reply, card=replace(alert.reply.card, notes=(note,)))
    _judge("telegram", name, await shown.on_telegram(reply, repeat=repeat))
    _judge("discord", name, await shown.told_on_discord(reply, repeat=repeat))


def _judge(platform: str, name: str, screens: list[Screen]) -> None:
    whole = "\n".join(screen.text for screen in screens)
    assert not _MARKET_NUMBER.search(whole) or _SOURCE_LINE[platform].search(whole), whole
    golden(f"{platform}/{name}", "\n\n".join(screen.file for screen in screens))


async def hold_all(shown: Screens, world: World, asked: Asked, who: Seat = ANN) -> None:
    for name, line in asked:
        reply = await world.reply(line, who)
        for each in {name} - {""}:
            await hold(shown, each, reply)


@pytest.mark.parametrize(
    ("asked", "coins"),
    [
        (START_AND_HELP, ()),
        (MARKET, ()),
        (WATCHLIST, ()),
        (MINE, ("btc",)),
        (SETTING_ALERTS, ("btc", "eth")),
        (CHANGING_ALERTS, ("btc", "eth", "sol")),
        (REFUSALS, ()),
    ],
)
async def test_what_people_ask(shown: Screens, asked: Asked, coins: tuple[str, ...]) -> None:
    async with simulated() as world:
        for name in coins:  # read before it is needed: a new alert waits for its past only so long
            await world.app.services.candles.history(world.app.services.coins.resolve(name), 30)
        await hold_all(shown, world, asked)


async def test_a_group(shown: Screens) -> None:
    async with simulated() as world:
        asked = (("group_alert", "/alert btc 130k here"), ("group_alerts", "/alerts list here"))
        await hold_all(shown, world, asked, ADMIN_IN_GROUP)
        await hold_all(shown, world, (("refused_not_admin", "/alerts pause 1 here"),), ANN_IN_GROUP)


async def test_more_alerts_than_one_may_have(shown: Screens) -> None:
    async with simulated() as world:
        for number in range(50):  # in bitcoin, of which there is no past to read for each
            await world.ask(f"/alert eth > 0.0{40 + number} btc")
        await hold_all(shown, world, (("refused_limit", "/alert btc > 200k"), ("alerts_many", "/alerts")))


async def test_a_name_that_two_coins_have(shown: Screens) -> None:
    two = (Coin("beam-2", "BEAM", "Beam", 180), Coin("beam-mw", "BEAM", "Beam MW", 700))
    async with scripted(coins=FakeCatalogue(tuple(facts(coin, "0.02") for coin in two)), btc=99) as world:
        await hold_all(shown, world, (("refused_clash", "/price beam"),))


async def test_fired(shown: Screens) -> None:
    async with scripted(names=("binance", "kraken"), btc=99_000, eth=4000) as world:
        await world.ask("/alert btc > 100k")
        await world.ask('/alert eth -5% in 1h every 4h note "buy some"')
        await world.say_at(5, btc=100_250.5, eth=4000)
        await world.say_at(62, btc=99_000, eth=3799)
        level, move = world.alerts
        await hold_told(shown, "fired", level)
        await hold_told(shown, "fired_possible_repeat", level, repeat=True)
        await hold_told(shown, "fired_move", move)


async def test_fired_while_sources_disagree(shown: Screens) -> None:
    async with scripted(names=("binance", "kraken"), btc=99_000) as world:
        for second in range(1, 13):
            await world.say_at(second, btc=99_000)
        await world.ask("/alert btc > 100k")
        for second in range(21, 53):
            await world.say_at(second, by="binance", btc=99_000)
            await world.say_at(second + 0.5, by="kraken", btc=104_000)
        (alert,) = world.alerts
        await hold_told(shown, "fired_disputed", alert)
        await hold_all(shown, world, (("price_disputed", "/price btc"), ("price_left_out", "/price btc eth bitcon")))


async def test_fired_and_told_late(shown: Screens) -> None:
    async with scripted(btc=99_000, sends=False) as world:
        await world.app.conversation.answer_line("/alert btc > 100k", await world.caller(ANN))
        await world.say_at(5, btc=101_000)
        world.clock.set(START + timedelta(seconds=200))
        await world.connect()
        (alert,) = world.alerts
        await hold_told(shown, "fired_late", alert)


async def test_fired_in_the_simulated_market(shown: Screens) -> None:
    async with simulated() as world:
        await world.ask("/alert btc ±0.1% in 15m")
        for second in range(60, 3600, 60):
            await world.at(second)
        await hold_told(shown, "fired_simulated", world.alerts[0])


async def test_messages_that_wait(shown: Screens) -> None:
    async with scripted(btc=99_000, sends=False) as world:
        for line in ("/alert btc > 100k", "/alert btc > 100.5k"):
            await world.app.conversation.answer_line(line, await world.caller(ANN))
        await world.app.conversation.answer_line("/alert btc > 100k", await world.caller(BEN))
        await world.say_at(5, btc=101_000)
        await world.say_at(190, btc=101_000)
        await hold_all(shown, world, (("status_waiting", "/status"),))
        world.sender.refuses[BEN.chat] = Parked("blocked")
        await world.connect()
        await hold_all(shown, world, (("status_refused", "/status"),))


async def test_a_source_that_is_silent(shown: Screens) -> None:
    async with scripted(names=("binance", "kraken"), btc=99_000) as world:
        world.exchanges[1].prices.clear()
        for second in range(10, 300, 10):
            await world.say_at(second, by="binance", btc=99_000)
        await hold_all(shown, world, (("status_one_silent", "/status"),))
        world.exchanges[0].prices.clear()
        for second in range(300, 900, 10):
            await world.at(second)
        await hold_all(shown, world, (("status_all_silent", "/status"), ("price_stale", "/price btc")))

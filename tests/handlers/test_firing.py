"""When an alert fires and when it does not, in declared time, told through the outbox."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest

from services import failpoints
from services.domain.candles import Candle
from services.domain.deliveries import Parked
from tests.stage import ADMIN_IN_GROUP, ANN, BEN, GROUP, START
from tests.world import World, expect, scripted


def bar(minute: int, first: float, high: float, low: float, last: float) -> Candle:
    numbers = (Decimal(str(each)) for each in (first, high, low, last, 1))
    return Candle(START + timedelta(minutes=minute), *numbers)


async def play(world: World, prices: Iterable[float], every: float = 1) -> None:
    now = (world.clock.now() - START).total_seconds()
    for step, price in enumerate(prices, 1):
        await world.say_at(now + step * every, btc=price)


@pytest.mark.parametrize(
    ("rule", "start", "quiet", "firing"),
    [
        ("btc > 100", 99, (99.5, 100), 100.01),
        ("btc < 100", 101, (100.5, 100), 99.99),
        ("btc >= 100", 99, (99.5, 99.99), 100),
        ("btc <= 100", 101, (100.5, 100.01), 100),
        ("btc crosses 100 up", 99, (98, 99.99), 100),
        ("btc crosses 100 down", 101, (102, 100.01), 100),
        ("btc crosses 100", 99, (98, 99.99), 100),
        ("btc crosses 100", 101, (102, 100.01), 100),
        ("btc 100", 99, (98, 99.99), 100),
        ("btc 100", 101, (102, 100.01), 100),
    ],
)
async def test_a_level_is_told_once_at_the_first_price_that_meets_it(
    rule: str, start: float, quiet: tuple[float, ...], firing: float
) -> None:
    async with scripted(btc=start) as world:
        assert "is set" in await world.ask(f"/alert {rule}")
        await play(world, quiet)
        expect(world.alerts)
        await play(world, (firing, firing, start, firing))
        expect(world.alerts, " at 09:00:03 UTC")


async def test_what_is_already_true_waits_for_false_first() -> None:
    async with scripted(btc=101) as world:
        assert "true already, waits until it is false first" in await world.ask("/alert btc > 100")
        await play(world, (102, 103))
        expect(world.alerts)
        await play(world, (100, 100.5))
        expect(world.alerts, "$100.50 at 09:00:04 UTC")


async def test_a_cross_from_the_other_side_needs_to_come_back_first() -> None:
    async with scripted(btc=101) as world:
        await world.ask("/alert btc crosses 100 up")
        await play(world, (102, 100.01))
        expect(world.alerts)
        await play(world, (99.9, 100.1))
        expect(world.alerts, "$100.10 at 09:00:04 UTC")


async def test_a_repeating_alert_needs_the_band_and_its_time() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100 every 1m")
        await world.say_at(10, btc=100.5)
        await world.say_at(100, btc=99.6)  # back, but not by half a percent
        await world.say_at(101, btc=100.5)
        expect(world.alerts, "09:00:10")
        await world.say_at(102, btc=99.5)
        await world.say_at(103, btc=100.6)
        expect(world.alerts, "09:00:10", "$100.60 at 09:01:43 UTC")
        await world.say_at(110, btc=99)
        await world.say_at(111, btc=101)  # within the minute
        expect(world.alerts, "09:00:10", "09:01:43")
        await world.say_at(162.9, btc=101)
        expect(world.alerts, "09:00:10", "09:01:43")
        await world.at(164)  # still true when the minute is over
        expect(world.alerts, "09:00:10", "09:01:43", "$101.00 at 09:02:43 UTC")
        await world.say_at(165, btc=102)
        assert len(world.alerts) == 3


async def test_a_repeating_cross_tells_both_ways() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc crosses 100 every 1m")
        for minute, price in enumerate((100.2, 99.8, 100.6, 99.9, 100.4, 99, 100), 1):
            await world.say_at(minute * 100, btc=price)
            await world.at(minute * 100 + 70)
        told = [(each.text.splitlines()[0], each.text.splitlines()[1].split(" at ")[0]) for each in world.alerts]
        assert told == [
            ("BTC crosses $100", "$100.20"),  # up; then 99.8 is within the band
            ("BTC crosses $100", "$99.900"),  # 100.6 has left it
            ("BTC crosses $100", "$100.00"),  # 100.4 comes from within the band, 99 has left it
        ]


@pytest.mark.parametrize(
    ("rule", "quiet", "firing", "words"),
    [
        ("btc -5% in 1h", (105, 110, 104.51), 104.5, "BTC falls 5% from its high of the last 1h"),
        ("btc +5% in 1h", (95, 90, 94.49), 94.5, "BTC rises 5% from its low of the last 1h"),
        ("btc ±5% in 1h", (101, 97, 101.84), 101.85, "BTC moves 5% from its high or low of the last 1h"),
        ("btc ±5% in 1h", (99, 103, 97.86), 97.85, "BTC moves 5% from its high or low of the last 1h"),
    ],
)
async def test_moves(rule: str, quiet: tuple[float, ...], firing: float, words: str) -> None:
    async with scripted(btc=100) as world:
        await world.ask(f"/alert {rule}")
        await world.at(1)
        await play(world, quiet, 60)
        expect(world.alerts)
        await play(world, (firing, 80, 120), 60)
        expect(world.alerts, f"{words}\n5.00% at 09:04:01 UTC")


async def test_what_left_the_window_counts_no_longer() -> None:
    async with scripted(btc=100) as world:
        await world.ask("/alert btc -5% in 1h")
        await world.at(1)
        await world.say_at(10, btc=110)
        await world.say_at(1800, btc=105)
        await world.say_at(3611, btc=104)  # 5.5 % under 110, which is older than an hour
        expect(world.alerts)
        await world.say_at(3612, btc=99.75)
        expect(world.alerts, "5.00% at 10:00:12 UTC")


async def test_a_new_window_knows_its_past() -> None:
    past = {("bitcoin", "1m"): tuple(bar(minute, 108, 110, 106, 108) for minute in range(-30, 0))}
    async with scripted(btc=106, past=past) as world:  # type: ignore[arg-type]  # the key's literal is widened
        saved = await world.ask("/alert btc -5% in 1h")
        assert "Now 3.64%, +1.36 points to go." in saved
        await world.at(2)
        await world.say_at(3, btc=104.6)
        expect(world.alerts)
        await world.say_at(4, btc=104.5)
        expect(world.alerts, "5.00% at 09:00:04 UTC")


async def test_a_move_that_is_already_true_waits_and_is_not_armed_by_a_window_without_past() -> None:
    past = {("bitcoin", "1m"): tuple(bar(minute, 108, 110, 106, 108) for minute in range(-30, 0))}
    async with scripted(btc=104, past=past) as world:  # type: ignore[arg-type]  # the key's literal is widened
        assert "Now 5.45%; true already" in await world.ask("/alert btc -5% in 1h")
        world.exchanges[0].say()  # a price in the second before the past is there
        await world.say_at(2, btc=103.9)
        await world.say_at(3, btc=103.8)
        expect(world.alerts)
        await world.say_at(4, btc=108)
        await world.say_at(5, btc=104)
        expect(world.alerts, "5.45% at 09:00:05 UTC")


async def test_a_repeating_move_is_one_message_an_episode() -> None:
    async with scripted(btc=100) as world:
        await world.ask("/alert btc -5% in 1h every 1m")
        await world.at(1)
        await play(world, (95, 94, 93, 92), 100)
        expect(world.alerts, "5.00% at 09:01:41 UTC")
        await world.say_at(600, btc=100)
        await world.say_at(700, btc=94)
        expect(world.alerts, "5.00%", "6.00% at 09:11:40 UTC")


async def test_sources_that_disagree_are_waited_for_and_then_named() -> None:
    async with scripted(names=("binance", "kraken"), btc=99) as world:
        await play(world, (99,) * 12)
        await world.ask("/alert btc > 100")
        await world.say_at(20, btc=99)
        await world.say_at(21, by="kraken", btc=104)
        for second in range(22, 51):
            await world.say_at(second, by="binance", btc=99)
            await world.say_at(second + 0.5, by="kraken", btc=104)
            expect(world.alerts)
        await world.say_at(51.2, by="binance", btc=99)
        await world.say_at(51.4, by="kraken", btc=104)
        expect(world.alerts, "$101.50 at 09:00:51 UTC\nSources disagree about this price.")


async def test_sources_that_agree_again_fire_or_not_by_the_median() -> None:
    async with scripted(names=("binance", "kraken"), btc=99) as world:
        await play(world, (99,) * 12)
        await world.ask("/alert btc > 100")
        await world.say_at(20, by="kraken", btc=104)
        await world.say_at(25, btc=99)
        await world.say_at(60, btc=99.2)
        expect(world.alerts)
        await world.say_at(61, btc=100.1)
        expect(world.alerts, "$100.10 at 09:01:01 UTC")
        assert "disagree" not in world.alerts[0].text


async def test_a_late_message_says_so() -> None:
    async with scripted(btc=99, sends=False) as world:
        caller = await world.caller(ANN)
        await world.app.conversation.answer_line("/alert btc > 100", caller)
        await world.app.conversation.answer_line("/alert btc > 110", caller)
        await world.say_at(5, btc=101)
        await world.say_at(190, btc=111)
        world.clock.set(START + timedelta(seconds=200))
        await world.connect()
        expect(world.alerts, "Late by 3 min 15 s.\n$101.00 at 09:00:05 UTC", "BTC is above $110\n$111.00 at 09:03:10")


async def test_what_is_paused_snoozed_or_deleted_stays_silent() -> None:
    async with scripted(btc=99) as world:
        for level in (100, 101, 102, 103):
            await world.ask(f"/alert btc > {level}")
        await world.ask("/alerts pause 1")
        await world.ask("/alerts snooze 2 1h")
        await world.ask("/alerts delete 3")
        await world.say_at(5, btc=105)
        expect(world.alerts, "BTC is above $103")
        await world.ask("/alerts resume 1")
        await world.ask("/alerts restore 3")
        await world.say_at(6, btc=106)
        expect(world.alerts, "$103", "BTC is above $100", "BTC is above $102")
        await world.at(3601)
        await world.say_at(3602, btc=107)
        expect(world.alerts, "$103", "$100", "$102", "BTC is above $101\n$107.00 at 10:00:02 UTC")


async def test_an_alert_ends_in_time() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100 until 1h")
        await world.at(3601)
        await world.say_at(3602, btc=101)
        expect(world.alerts)
        assert "Has ended." in await world.ask("/alerts show 1")
        assert "has reached its end" in await world.ask("/alerts resume 1")


async def test_a_store_that_fails_costs_no_alert() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.ask("/alert btc > 100.5")
        failpoints.arm("writer.before_commit:1:raise")
        await world.say_at(5, btc=101)
        expect(world.alerts)
        await world.say_at(6, btc=101.5)
        expect(world.alerts, "BTC is above $100\n$101.50 at 09:00:06", "BTC is above $100.50\n$101.50 at 09:00:06")


async def test_a_person_who_blocked_the_bot_holds_nobody_up_and_is_told_later() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.ask("/alert btc > 100", BEN)
        world.sender.refuses[ANN.chat] = Parked("blocked")
        await world.app.conversation.gone(ANN.place, "blocked")
        await world.say_at(5, btc=101)
        assert [each.chat for each in world.alerts] == [BEN.chat]
        del world.sender.refuses[ANN.chat]
        await world.app.conversation.back(ANN.place)
        await world.rest()
        assert [each.chat for each in world.alerts] == [BEN.chat, ANN.chat]


async def test_a_finished_alert_can_be_put_back_to_work() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.say_at(5, btc=101)
        assert "Has fired." in await world.ask("/alerts show 1")
        await world.ask("/alerts resume 1")
        await world.say_at(6, btc=102)
        expect(world.alerts, "$101.00")
        await world.say_at(7, btc=99)
        await world.say_at(8, btc=103)
        expect(world.alerts, "$101.00", "$103.00 at 09:00:08 UTC")


async def test_an_alert_here_is_told_to_the_chat() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100 here", ADMIN_IN_GROUP)
        await world.ask("/alert btc > 100", ADMIN_IN_GROUP)
        await world.say_at(5, btc=101)
        assert sorted(each.chat for each in world.alerts) == [GROUP, ADMIN_IN_GROUP.user]


async def test_levels_in_euro_and_in_another_coin() -> None:
    async with scripted(btc=100, eth=10, eur=1.25) as world:
        await world.ask("/alert btc > 88 eur")
        await world.ask("/alert eth > 0.11 btc")
        await world.say_at(1, btc=100, eth=10, eur=1.2)  # 83.33 euro
        expect(world.alerts)
        await world.say_at(2, btc=105.61, eth=11, eur=1.2)
        expect(world.alerts, "BTC is above €88\n€88.008 at 09:00:02 UTC")
        await world.say_at(3, btc=100, eth=11.1, eur=1.2)
        expect(world.alerts, "€88", "ETH is above 0.11 BTC\n0.1110 BTC at 09:00:03 UTC")

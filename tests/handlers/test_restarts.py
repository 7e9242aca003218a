"""What a stop costs: nothing, and nothing is told twice. Each world is a process over the same store file."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services import failpoints
from services.domain.candles import Candle, Interval
from tests.stage import ANN, START
from tests.world import expect, scripted

Past = dict[tuple[str, Interval], tuple[Candle, ...]]


def minutes(first: int, *bars: tuple[float, float, float, float], coin: str = "bitcoin") -> Past:
    """Return one-minute bars (open, high, low, close) from that minute on."""
    made = tuple(
        Candle(START + timedelta(minutes=minute), *(Decimal(str(each)) for each in (*prices, 1)))
        for minute, prices in enumerate(bars, first)
    )
    return {(coin, "1m"): made}


async def test_killed_between_the_crossing_and_the_firing(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask("/alert btc > 100")
        failpoints.arm("writer.before_commit:1:raise")
        await world.say_at(5, btc=101)
        expect(world.alerts)
    async with scripted(tmp_path, at=8, btc=101) as world:
        expect(world.alerts, "BTC is above $100\n$101.00 at 09:00:08 UTC")
        await world.say_at(9, btc=99)
        await world.say_at(10, btc=101)
        expect(world.alerts, "09:00:08")


async def test_killed_between_the_firing_and_the_message(tmp_path: Path) -> None:
    async with scripted(tmp_path, sends=False, btc=99) as world:
        await world.app.conversation.answer_line("/alert btc > 100", await world.caller(ANN))
        await world.say_at(5, btc=101)
    async with scripted(tmp_path, at=125, btc=99) as world:
        expect(world.alerts, "Late by 2 min.\n$101.00 at 09:00:05 UTC")


async def test_started_again_after_the_message(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.ask("/alert btc > 100 every 1h")
        await world.say_at(5, btc=101)
        assert len(world.alerts) == 2
    async with scripted(tmp_path, at=20, btc=101) as world:
        await world.say_at(21, btc=102)
        await world.say_at(22, btc=99)
        await world.say_at(23, btc=102)  # the repeating one is armed again, but not for an hour
        expect(world.alerts)
        await world.at(3700)
        await world.say_at(3701, btc=102)
        expect(world.alerts, "Alert #2")


async def test_a_price_that_crossed_while_down_and_stayed(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.app.services.market.save()
    async with scripted(tmp_path, at=30, btc=105) as world:
        expect(world.alerts, "$105.00 at 09:00:30 UTC")


@pytest.mark.parametrize("rule", ["btc > 100", "btc crosses 100 every 1h", "btc 100"])
async def test_a_price_that_came_and_went_while_down_is_told_late(tmp_path: Path, rule: str) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask(f"/alert {rule}")
        await world.say_at(30, btc=99)
        await world.app.services.market.save()
    bars = minutes(0, (99, 99, 99, 99), (99, 99.5, 98, 99), (99, 101, 98.5, 99.7), (99.7, 99.8, 99, 99))
    async with scripted(tmp_path, at=600, past=bars, btc=99.8) as world:
        expect(world.alerts, "Late by 8 min.\n$101.00 at 09:02:00 UTC")
        await world.say_at(601, btc=99.9)
        expect(world.alerts, "Late by 8 min.")


async def down_for_ten_minutes(folder: Path, rule: str, past: Past, btc: float) -> list[str]:
    """Set one alert, stop, start again after ten minutes at the same prices, and return what was delivered."""
    async with scripted(folder, btc=btc, eth=5, eur=1.1) as world:
        await world.ask(f"/alert {rule}")
        await world.say_at(30, btc=btc)
        await world.app.services.market.save()
    async with scripted(folder, at=600, past=past, btc=btc, eth=5, eur=1.1) as world:
        await world.say_at(601, btc=btc)
        return [each.text for each in world.alerts]


async def test_a_move_that_came_and_went_while_down_is_told_late(tmp_path: Path) -> None:
    bars = minutes(0, (110, 110, 110, 110), (110, 110, 104, 109), (109, 110, 109, 110), (110, 110, 110, 110))
    told = await down_for_ten_minutes(tmp_path, "btc -5% in 5m", bars, 110)
    assert len(told) == 1
    assert "Late by 9 min." in told[0]
    assert "5.45% at 09:01:00 UTC" in told[0]


async def test_a_slow_move_while_down_is_no_move_in_the_window(tmp_path: Path) -> None:
    bars = minutes(0, *((110 - minute, 110 - minute, 109 - minute, 109 - minute) for minute in range(9)))
    assert await down_for_ten_minutes(tmp_path, "btc -5% in 2m", bars, 110) == []


async def test_another_currency_that_came_and_went_while_down_is_told_late(tmp_path: Path) -> None:
    bars = minutes(0, (99, 99, 99, 99), (99, 111, 99, 99), (99, 99, 99, 99))
    told = await down_for_ten_minutes(tmp_path, "btc > 100 eur", bars, 99)
    assert len(told) == 1
    assert "€100.91 at 09:01:00 UTC" in told[0]


async def test_a_coin_in_another_that_came_and_went_while_down_is_told_late(tmp_path: Path) -> None:
    ether = minutes(0, (5, 5, 5, 5), (5, 6, 5, 5.6), (5.6, 6, 5, 5), (5, 5, 5, 5), coin="ethereum")
    coin = minutes(0, (100, 100, 100, 100), (100, 100, 90, 100), (100, 100, 100, 100), (100, 100, 100, 100))
    told = await down_for_ten_minutes(tmp_path, "eth > 0.055 btc", ether | coin, 100)
    assert len(told) == 1
    assert "0.05600 BTC at 09:01:00 UTC" in told[0]


async def test_the_past_fires_nothing_that_was_set_after_it(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.say_at(10, btc=101)
        await world.say_at(40, btc=99)
        await world.ask("/alert btc > 100")
        await world.say_at(50, btc=99)
        await world.app.services.market.save()
    async with scripted(tmp_path, at=600, past=minutes(0, (99, 101, 99, 99), (99, 99, 99, 99)), btc=99) as world:
        await world.say_at(601, btc=99)
        expect(world.alerts)


async def test_a_snooze_ends_and_a_life_ends_while_down(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.ask("/alert btc > 100 until 1h")
        await world.ask("/alerts snooze 1 30m")
    async with scripted(tmp_path, at=7200, btc=99) as world:
        await world.at(7201)
        await world.say_at(7202, btc=101)
        expect(world.alerts, "Alert #1")


async def test_a_move_counts_from_before_the_stop(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=110) as world:
        await world.ask("/alert btc -5% in 1h")
    bars = minutes(0, *((110, 110, 109, 110),) * 10)
    async with scripted(tmp_path, at=600, past=bars, btc=106) as world:
        await world.at(601)
        await world.say_at(602, btc=104.5)
        expect(world.alerts, "5.00% at 09:10:02 UTC")

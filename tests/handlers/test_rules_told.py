"""Rules of several conditions, held, banded and daily: what is said when they are set, and when they are told."""

from datetime import timedelta
from pathlib import Path

from services.domain.metrics import parse_metric
from tests.stage import ANN
from tests.world import expect, scripted


async def test_both_conditions_must_hold_at_once() -> None:
    async with scripted(btc=99, eth=5.5) as world:
        said = await world.ask("/alert btc > 100 and eth < 5")
        assert "Once, when BTC is above $100 and ETH is below $5." in said
        assert "0 of 2 conditions are true now." in said
        await world.say_at(5, btc=101)
        await world.say_at(6, btc=99, eth=4.9)
        expect(world.alerts)
        assert "– BTC is above $100: now $99.000\n✓ ETH is below $5: now $4.9000" in await world.ask("/alerts show 1")
        await world.say_at(7, btc=102)
        expect(world.alerts, "BTC is above $100 and ETH is below $5\nTrue at 09:00:07 UTC\nBTC: $102.00\nETH: $4.9")
        await world.say_at(8, btc=99)
        await world.say_at(9, btc=103)
        assert len(world.alerts) == 1


async def test_one_of_two_is_enough_and_the_other_is_not_told_again() -> None:
    async with scripted(btc=99, eth=5.5) as world:
        await world.ask("/alert btc > 100 or eth < 5 every 1h")
        await world.say_at(5, btc=101)
        await world.say_at(6, eth=4.9)
        assert len(world.alerts) == 1


async def test_a_range_is_told_when_it_is_entered() -> None:
    async with scripted(btc=90) as world:
        said = await world.ask("/alert btc inside 95..98")
        assert "Once, when BTC is between $95 and $98." in said
        await world.say_at(5, btc=99)
        expect(world.alerts)
        await world.say_at(6, btc=97)
        expect(world.alerts, "BTC is between $95 and $98\nTrue at 09:00:06 UTC")


async def test_a_rule_that_is_held_is_told_after_its_time_and_not_before() -> None:
    async with scripted(btc=99) as world:
        said = await world.ask("/alert btc > 100 for 10m")
        assert "Once, when BTC is above $100 for 10 min." in said
        await world.say_at(60, btc=101)
        assert "True now, told at 09:11:00 UTC if it stays so" in await world.ask("/alerts show 1")
        await world.say_at(300, btc=99)
        await world.say_at(301, btc=102)
        await world.say_at(700, btc=103)
        expect(world.alerts)
        for second in range(840, 907, 3):
            await world.say_at(second, btc=103)
        expect(world.alerts, "BTC is above $100\n$103.00 at 09:15:01 UTC")


async def test_a_rule_that_was_held_is_told_after_a_restart(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask("/alert btc > 100 for 10m")
        await world.say_at(60, btc=101)
    async with scripted(tmp_path, at=90, btc=101) as world:
        await world.say_at(600, btc=101)
        expect(world.alerts)
        await world.say_at(660, btc=101)
        await world.at(662)
        expect(world.alerts, "at 09:11:00 UTC")


async def test_daily_is_once_in_a_day_of_the_persons_zone() -> None:
    async with scripted(btc=99) as world:  # it is 09:00 in UTC, 18:00 in Tokyo
        await world.ask("/settings zone Asia/Tokyo")
        said = await world.ask("/alert btc > 100 daily band 1%")
        assert "When BTC is above $100, at most once a day, with a band of 1%." in said.replace("\n", " ")
        hour = timedelta(hours=1).total_seconds()
        await world.say_at(hour, btc=101)
        await world.say_at(2 * hour, btc=99.1)  # within the band
        await world.say_at(2 * hour + 5, btc=98)
        await world.say_at(3 * hour, btc=101)
        assert len(world.alerts) == 1
        await world.at(6 * hour - 5)
        assert len(world.alerts) == 1
        await world.say_at(6 * hour - 1, btc=101)
        await world.at(6 * hour + 2)
        expect(world.alerts, "$101.00", "00:00:00 JST")


async def test_an_edit_to_fewer_conditions_leaves_none_behind() -> None:
    async with scripted(btc=99, eth=5.5) as world:
        await world.ask("/alert btc > 100 or eth < 5")
        await world.ask("/alerts edit 1 btc > 100")
        await world.say_at(5, eth=4.9)
        expect(world.alerts)
        await world.say_at(6, btc=101)
        expect(world.alerts, "BTC is above $100")


async def test_a_repair_of_an_edit_edits() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        refused = await world.reply("/alerts edit 1 btc ±5%")
        lines = [button.line for row in refused.buttons for button in row]
        assert lines == ["/alerts edit 1 btc ±5% in 24h"]


async def test_a_platform_that_is_not_linked_is_refused() -> None:
    async with scripted(btc=99) as world:
        assert "another platform" in await world.ask("/alert btc > 100 to discord", ANN)


async def test_what_nobody_waits_for_any_more_is_computed_no_longer() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc -5% in 1h every 1h")
        await world.ask("/alert btc > 100 every 1h")
        await world.ask("/alerts delete 1")
        drop = parse_metric("drop(1h)@pair:bitcoin/usd")
        price = parse_metric("price@pair:bitcoin/usd")
        for second in (59, 61, 123):
            await world.say_at(second, btc=99)
        assert world.app.services.alerts.value(drop) is None
        await world.say_at(130, btc=101)
        expect(world.alerts, "BTC is above $100")
        assert world.app.services.alerts.watched() == {price}
        await world.ask("/alert btc -5% in 1h every 1h")
        await world.say_at(200, btc=95)
        assert world.app.services.alerts.value(drop) is not None

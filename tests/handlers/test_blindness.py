"""Nobody believes to be watched over when they are not: a coin without a price is told once, and so is its end."""

from pathlib import Path

from tests.handlers.test_restarts import minutes
from tests.stage import ANN, ANN_IN_GROUP, BEN
from tests.world import World, expect, scripted


def notices(world: World) -> list[str]:
    return [each.text for each in world.sender.told if each.delivery.kind == "notice"]


def titles(world: World) -> list[str]:
    return [each.splitlines()[0] for each in notices(world)]


async def silent_until(world: World, first: int, last: int) -> None:
    """Have no exchange tell any price for that time, in seconds."""
    for exchange in world.exchanges:
        exchange.prices.clear()
    for second in range(first, last + 1, 5):
        await world.at(second)


async def test_a_coin_without_a_price_is_told_once_with_the_alerts_on_it() -> None:
    async with scripted(btc=99, eth=5) as world:
        await world.ask("/alert btc > 100")
        await world.ask("/alert eth > 0.06 btc")
        await world.ask("/alert btc > 100", BEN)
        await silent_until(world, 5, 120)
        assert notices(world) == []
        await silent_until(world, 125, 1000)
        told = [each for each in world.sender.told if each.delivery.kind == "notice"]
        assert [(each.chat, each.text.splitlines()[0]) for each in told] == [
            (ANN.chat, "Alerts on BTC are blind"),
            (BEN.chat, "Alerts on BTC are blind"),
            (ANN.chat, "Alerts on ETH are blind"),
        ]
        assert "valid price of BTC since 22 Nov 2026 09:00" in notices(world)[0].replace("\n", " ")
        assert "watching alerts #1, #2 for now" in notices(world)[0].replace("\n", " ")
        assert "watching alert #2 for now" in notices(world)[2].replace("\n", " ")


async def test_the_end_is_told_and_what_came_and_went_meanwhile_is_told_late() -> None:
    bars = minutes(0, (99, 99, 99, 99), (99, 99.5, 98, 99), (99, 101, 98.5, 99.7), (99.7, 99.8, 99, 99))
    async with scripted(btc=99, past=bars) as world:
        await world.ask("/alert btc > 100")
        await silent_until(world, 5, 295)
        await world.say_at(300, btc=99.2)
        await world.at(305)
        assert [each.splitlines()[0] for each in notices(world)] == [
            "Alerts on BTC are blind",
            "Alerts on BTC see again",
        ]
        assert "was looked up from 1-minute candles" in notices(world)[1].replace("\n", " ")
        expect(world.alerts, "Late by 3 min.\n$101.00 at 09:02:00 UTC")


async def test_a_past_that_nobody_can_tell_is_said() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        await silent_until(world, 5, 295)
        await world.say_at(300, btc=99.2)
        await world.at(305)
        assert "could not be looked up" in notices(world)[1].replace("\n", " ")


async def test_a_restart_tells_nothing_twice_and_forgets_no_end(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99) as world:
        await world.ask("/alert btc > 100")
        await silent_until(world, 5, 200)
        assert len(notices(world)) == 1
    async with scripted(tmp_path, at=205) as world:
        await silent_until(world, 210, 400)
        assert notices(world) == []
        await world.say_at(405, btc=99)
        await world.at(410)
        assert titles(world) == ["Alerts on BTC see again"]


async def test_nobody_is_told_of_a_coin_that_nobody_waits_for() -> None:
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100")
        await world.ask("/alerts pause 1")
        await silent_until(world, 5, 400)
        assert notices(world) == []


async def test_the_alerts_of_a_group_are_told_in_the_group() -> None:
    admin = ANN_IN_GROUP
    async with scripted(btc=99) as world:
        await world.ask("/alert btc > 100", ANN)
        await world.ask("/price btc", admin)
        await silent_until(world, 5, 200)
        assert {each.chat for each in world.sender.told if each.delivery.kind == "notice"} == {ANN.chat}

"""The watchdog goes the way of an alert; whatever breaks on that way is red within ten minutes (promise H1)."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.settings.forms import OperatorChat
from services import watchdog
from services.domain.deliveries import Moved, Parked, Unknown
from services.domain.pacing import UNLIMITED
from services.store import watchdog as rows
from tests.bot.overseen import Overseen, overseen
from tests.stage import ADMIN_IN_GROUP, BOT
from tests.world import scripted

OPERATOR = OperatorChat("telegram", 77)


async def test_it_comes_through_every_five_minutes() -> None:
    async with overseen() as seen:
        dog = seen.readiness.watchdog
        assert dog is not None
        ages: list[float] = []
        for second in range(10, 3600, 10):
            await seen.say_at(second, btc=99)
            ages.append(dog.age.total_seconds())
            assert await seen.wrong() == []
        assert max(ages) <= 300
        assert ages.count(0) == 12
        assert seen.world.sender.told == []


async def test_it_is_in_nobodys_numbers() -> None:
    async with overseen() as seen:
        await seen.world.ask("/alert btc > 200")
        await seen.walk(10, 700)
        assert "Alerts watched: 1." in await seen.world.ask("/status")
        assert "Watchdog" not in await seen.world.ask("/status")
        assert "flowbell_alerts_watched 1.0" in await seen.metrics()
        assert "No alerts yet" in await seen.world.ask("/alerts", ADMIN_IN_GROUP)
        assert "blind" not in await seen.world.dump()  # no source has a price of it, and nobody misses one
        assert "#2" not in await seen.world.ask("/alerts")


async def no_ticks(seen: Overseen) -> None:
    seen.world.exchanges[0].prices.clear()


async def nothing_watched(seen: Overseen) -> None:
    for alert in await seen.world.app.store.read(lambda tx: tx.rows(text("SELECT id FROM alert"))):
        seen.world.app.services.alerts.unwatch(int(str(alert[0])))


async def no_transaction(seen: Overseen) -> None:
    trigger = "CREATE TRIGGER broken BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'broken'); END"
    await seen.world.app.store.write(lambda tx: tx.run(text(trigger)))


async def no_outbox(seen: Overseen) -> None:
    await seen.world.app.outbox.drain(0)


async def no_sender(seen: Overseen) -> None:
    seen.world.sender.refuses[OPERATOR.chat] = Unknown("no answer in time")


@pytest.mark.parametrize("breaks", [no_ticks, nothing_watched, no_transaction, no_outbox, no_sender])
async def test_whatever_breaks_on_its_way_is_red_within_ten_minutes(
    breaks: Callable[[Overseen], Awaitable[None]],
) -> None:
    async with overseen(chat=OPERATOR) as seen:
        await seen.walk(10, 310)
        assert await seen.wrong() == []
        assert len(seen.world.sender.told) == 2
        await breaks(seen)
        await seen.walk(320, 910)
        assert not any("watchdog" in each for each in await seen.wrong())  # it came through at 310
        await seen.say_at(911, btc=99)
        red = "The watchdog has not come through for 10 min"
        assert [each for each in await seen.wrong() if each.startswith(red)]


async def test_it_recovers() -> None:
    async with overseen(chat=OPERATOR) as seen:
        await no_sender(seen)
        await seen.walk(10, 700)
        assert any("watchdog" in each for each in await seen.wrong())
        seen.world.sender.refuses.clear()
        await seen.walk(710, 1310)
        assert await seen.wrong() == []


async def test_the_operators_chat_gets_it_with_its_time() -> None:
    async with overseen(chat=OPERATOR) as seen:
        await seen.walk(10, 20)
        (told,) = seen.world.sender.told
        assert (told.chat, told.delivery.place.bot_id, told.delivery.private) == (77, BOT, True)
        assert "Prices are heard, alerts fire and messages are sent." in told.text
        assert "22 Nov 2026 09:00:10 UTC" in told.text


@pytest.mark.parametrize("outcome", [Moved(-5), Parked("blocked")])
async def test_a_chat_that_refuses_is_red_and_parks_nobody(outcome: Moved | Parked) -> None:
    async with overseen(chat=OPERATOR) as seen:
        seen.world.sender.refuses[OPERATOR.chat] = outcome
        await seen.walk(10, 700)
        assert any("watchdog" in each for each in await seen.wrong())
        assert "watchdog', 0, 0, 0, None, None, None" in await seen.world.dump()


async def test_an_operators_platform_that_is_not_open_is_waited_for() -> None:
    async with overseen(chat=OPERATOR, connected=False) as seen:
        await seen.walk(10, 100)
        assert seen.world.sender.told == []
        seen.world.app.services.health.words["telegram"] = "running"
        await seen.oversight.open("telegram", BOT, seen.world.sender, UNLIMITED)
        await seen.walk(110, 200)
        assert len(seen.world.sender.told) == 1


async def test_it_goes_on_after_a_restart_with_few_rows(tmp_path: Path) -> None:
    async with overseen(tmp_path) as seen:
        await seen.walk(10, 1000)
        chat = await seen.world.app.store.read(rows.chat_of)
        assert chat is not None
    async with overseen(tmp_path, at=1100) as seen:
        assert len(seen.world.app.services.alerts) == 1
        await seen.walk(1110, 1710)
        assert await seen.wrong() == []
        before = (await seen.world.dump()).count("flowbell-watchdog")
        await seen.world.app.store.write(lambda tx: rows.tidy(tx, chat))
        after = await seen.world.dump()
        assert before > 5
        assert [after.count(f"{table} (") for table in ("event", "delivery", "alert")] == [1, 1, 1]


async def test_where_nobody_looks_any_more_it_is_gone(tmp_path: Path) -> None:
    async with overseen(tmp_path) as seen:
        await seen.walk(10, 400)
    async with scripted(tmp_path, at=500, btc=99) as world:
        assert len(world.app.services.alerts) == 1
        await watchdog.remove(world.app.store, world.app.services.alerts)
        assert len(world.app.services.alerts) == 0
        assert "watchdog" not in await world.dump()
        await watchdog.remove(world.app.store, world.app.services.alerts)

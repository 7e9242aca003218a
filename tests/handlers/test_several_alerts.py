"""Whose alerts are whose, several at once, the level alone, pages."""

from collections.abc import AsyncIterator

import pytest

from handlers.dispatch import Failure
from tests.handlers.stored import listed, saved
from tests.stage import ADMIN_IN_GROUP, ANN, ANN_IN_GROUP, BEN
from tests.world import World, scripted


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scripted(btc=90000, eth=3000, sol=150, eur=1.25) as running:
        yield running


CHANGES = ("show 1", "pause 1", "resume 1", "snooze 1 2h", "edit 1 160k", "tune 1", "delete 1", "restore 1")


@pytest.mark.parametrize("change", CHANGES)
async def test_nobody_sees_or_changes_what_is_not_theirs(world: World, change: str) -> None:
    await world.ask("/alert btc > 100k", BEN)
    await world.ask("/alert btc > 110k here", ADMIN_IN_GROUP)
    for who in (ANN, ANN_IN_GROUP):
        await world.ask("/alerts", who)
    before = await world.dump()
    for who in (ANN, ANN_IN_GROUP, ADMIN_IN_GROUP):
        reply = await world.reply(f"/alerts {change}", who)
        assert isinstance(reply.data, Failure), change
        assert "#1" in reply.card.title
    assert await world.dump() == before
    if change not in ("show 1", "tune 1"):
        assert "Only admins" in await world.ask(f"/alerts {change} here", ANN_IN_GROUP)
    assert await world.dump() == before
    if change != "restore 1":
        changed = await world.reply(f"/alerts {change} here", ADMIN_IN_GROUP)
        assert not isinstance(changed.data, Failure)
        assert not changed.private
        assert " here" in changed.buttons[0][0].line


async def test_in_a_group_the_list_is_ones_own_and_private(world: World) -> None:
    await world.ask("/alert btc > 100k")
    await world.ask("/alert btc > 110k here", ADMIN_IN_GROUP)
    mine = await world.reply("/alerts", ANN_IN_GROUP)
    assert mine.private
    assert "$100,000" in str(mine.card.lines)
    assert "$110,000" not in str(mine.card)
    assert "/alerts list here" in str(mine.card.notes)
    theirs = await world.reply("/alerts list here", ANN_IN_GROUP)
    assert not theirs.private
    assert "$110,000" in str(theirs.card.lines)
    assert "$100,000" not in str(theirs.card)
    assert "is paused" in await world.ask("/alerts pause 1", ANN_IN_GROUP)
    assert "Paused." in await world.ask("/alerts show 1")


@pytest.mark.parametrize(
    ("first", "typed", "after"),
    [
        ("btc > 150k", "160k", "bitcoin > 160000 usd"),
        ("btc > 150k", "> 160k", "bitcoin > 160000 usd"),
        ("btc > 150k", "<80k", "bitcoin < 80000 usd"),
        ("btc > 150k", "below 80k", "bitcoin < 80000 usd"),
        ("btc 150k", "160k", "bitcoin crosses 160000 usd up"),
        ("btc 150k", "80k", "bitcoin crosses 80000 usd down"),
        ("btc crosses 150k every 4h", "to 160k", "bitcoin crosses 160000 usd up then down every 4h"),
        ("btc > 150k every 4h", "160k once", "bitcoin > 160000 usd"),
        ("btc > 150k eur", "160k", "bitcoin > 160000 eur"),
        ("btc > 150k", "160k eur", "bitcoin > 160000 eur"),
        ('btc > 150k every 4h note "sell half"', "160k", 'bitcoin > 160000 usd every 4h note "sell half"'),
        ('btc > 150k note "sell half"', "160k note all", 'bitcoin > 160000 usd note "all"'),
        ("eth > 0.05 btc", "0.06", "ethereum > 0.06 bitcoin"),
        ("eth -5% in 1h", "7%", "ethereum/usd -7% in 1h"),
        ("eth -5% in 1h", "+7% in 4h", "ethereum/usd +7% in 4h"),
        ("btc > 150k", "eth > 5k", "ethereum > 5000 usd"),
    ],
)
async def test_an_edit_of_the_level_alone_keeps_the_rest(world: World, first: str, typed: str, after: str) -> None:
    await world.ask(f"/alert {first}")
    await world.ask(f"/alerts edit 1 {typed}")
    assert await saved(world) == [(1, after)]


async def test_an_edit_of_the_level_keeps_the_end(world: World) -> None:
    await world.ask("/alert btc > 150k until fri")
    await world.ask("/alerts edit 1 160k")
    assert "Until 27 Nov 2026 23:59 UTC." in await world.ask("/alerts show 1")


async def test_several_at_once_and_all(world: World) -> None:
    await world.ask("/alert btc 100k 110k 120k 130k")
    paused = await world.reply("/alerts pause 1 #3 1")
    assert paused.card.title == "2 alerts are paused"
    assert "2 alerts are watching again" in (await world.press(paused, "Resume")).card.title
    before = await world.dump()
    assert "There is no alert #9 of yours" in await world.ask("/alerts pause 1 9")
    assert await world.dump() == before
    assert "4 alerts are paused" in await world.ask("/alerts pause all")
    assert "4 alerts are watching again" in await world.ask("/alerts resume all")
    asked = await world.reply("/alerts delete all")
    assert asked.card.tone == "warning"
    assert len(await saved(world)) == 4
    deleted = await world.press(asked, "Delete all")
    assert await saved(world) == []
    await world.press(deleted, "Undo")
    assert [number for number, _ in await saved(world)] == [1, 2, 3, 4]


async def test_all_is_all_of_one_owner(world: World) -> None:
    await world.ask("/alert btc > 100k", BEN)
    await world.ask("/alert btc 110k 115k here", ADMIN_IN_GROUP)
    await world.ask("/alert btc 120k 125k")
    await world.press(await world.reply("/alerts delete all here", ADMIN_IN_GROUP), "Delete all", ADMIN_IN_GROUP)
    assert await saved(world, ADMIN_IN_GROUP, here=True) == []
    assert len(await saved(world, BEN)) == 1
    assert len(await saved(world)) == 2
    await world.ask("/alerts delete all yes", ANN_IN_GROUP)
    assert await saved(world) == []
    assert len(await saved(world, BEN)) == 1


async def test_what_fired_or_ended_counts_no_more(world: World) -> None:
    await world.ask("/alert btc > 95k")
    await world.ask("/alert btc > 96k until 1h")
    for first in range(1000, 1480, 10):
        await world.ask(f"/alert btc > {first}k")
    assert "You have 50" in await world.ask("/alert btc > 2m")
    await world.at(3601)
    assert "is set" in await world.ask("/alert btc > 2m")
    assert "You have 50" in await world.ask("/alerts edit 2 97k")
    await world.say_at(3602, btc=95_001)
    assert "is set" in await world.ask("/alert btc > 3m")
    assert "You have 50" in await world.ask("/alerts resume 1")
    assert 1 not in await listed(world, "/alerts")
    assert "Fired or ended: #1 #2." in await world.ask("/alerts")


async def test_a_page_has_ten(world: World) -> None:
    await world.ask("/alert btc 100k 101k 102k 103k 104k 105k 106k 107k 108k 109k")
    await world.ask('/alert btc > 110k until fri note "sell half"')
    first = await world.reply("/alerts list btc")
    assert [line.split()[0] for line in first.card.lines[::2]] == [f"#{number}" for number in range(1, 11)]
    second = await world.press(first, "More")
    assert second.card.lines == (
        "#11 BTC is above $110,000",
        "   now $90,000.00, +22.22% to go, until 27 Nov 2026 23:59 UTC",
        "   sell half",
    )
    assert (await world.press(second, "Nearer")).card == first.card
    for number in ("2", "99"):
        assert (await world.reply(f"/alerts list {number}")).card.lines == second.card.lines


async def test_what_waits_already_is_not_set_twice(world: World) -> None:
    await world.ask("/alert btc 100k 110k")
    again = await world.reply("/alert btc 110k")
    assert again.card.title == "You have this already: #2"
    assert await saved(world) == [(1, "bitcoin crosses 100000 usd up"), (2, "bitcoin crosses 110000 usd up")]
    both = await world.reply("/alert btc 110k 120k")
    assert both.card.title == "Alert #3 is set"
    assert "You have this already: #2" in both.card.notes
    assert (await world.reply("/alert btc 100k 110k")).card.title == "You have these already"
    for other in ("btc 110k every 4h", "btc 110k until fri", "btc 110k note mine"):
        assert "is set" in await world.ask(f"/alert {other}")
    await world.ask("/alerts pause 1")
    assert "is set" in await world.ask("/alert btc 100k")
    assert "is set" in await world.ask("/alert btc 110k", BEN)


@pytest.mark.parametrize(
    ("price", "levels"),
    [
        ("90353.55", ("95,000", "99,500", "86,000", "81,500")),
        ("3000", ("3,150", "3,300", "2,850", "2,700")),
        ("0.2047", ("0.215", "0.225", "0.1940", "0.1840")),
    ],
)
async def test_levels_to_choose_from_are_round(price: str, levels: tuple[str, ...]) -> None:
    async with scripted(btc=price) as world:
        rows = (await world.reply("/alert btc")).buttons
        shown = [button.line.split()[3] for row in rows[:2] for button in row]
        assert [float(each) for each in shown] == [float(each.replace(",", "")) for each in levels]


async def test_undo_asks_what_is_meant(world: World) -> None:
    assert "There is nothing to undo" in await world.ask("undo")
    await world.ask("/alert btc 100k 110k")
    await world.ask("delete alert 1")
    asked = await world.reply("undo")
    assert [button.line for row in asked.buttons for button in row] == ["/alerts delete 2", "/alerts restore 1"]
    await world.press(asked, "Bring back #1: BTC reaches $100,000 from below")
    assert [number for number, _ in await saved(world)] == [1, 2]
    assert "There is nothing to undo" in await world.ask("undo", BEN)


async def test_an_export_has_the_times_and_what_each_alert_told(world: World) -> None:
    await world.ask('/alert btc > 95k until 3d note "sell half"')
    await world.ask("/alert btc > 200k")
    await world.ask("/alerts snooze 2 2h")
    await world.say_at(5, btc=95_001)
    said = [line for line in (await world.reply("/export")).card.lines if line.startswith(("#", "   "))]
    assert said[0] == '#1 bitcoin > 95000 usd note "sell half"  (done)'
    assert said[1] == "   since 22 Nov 2026 09:00 UTC, until 25 Nov 2026 09:00 UTC"
    assert said[2].endswith(": 95001 at 22 Nov 2026 09:00 UTC")
    assert said[3:] == [
        "#2 bitcoin > 200000 usd  (snoozed)",
        "   since 22 Nov 2026 09:00 UTC, snoozed until 22 Nov 2026 11:00 UTC",
    ]

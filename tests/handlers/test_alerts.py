"""Setting, listing and changing alerts: what each line saves, and what the answer says of it."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from handlers.dispatch import Failure
from services.errors import LimitReached
from tests.handlers.stored import listed, rules, saved
from tests.handlers.transcripts import EURO, transcript
from tests.stage import ADMIN_IN_GROUP, ANN, ANN_IN_GROUP, BEN
from tests.world import World, expect, scripted


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with scripted(btc=90000, eth=3000, sol=150, eur=1.25) as running:
        yield running


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        ("btc > 100k", ["bitcoin > 100000 usd"]),
        ("btc>100k", ["bitcoin > 100000 usd"]),
        ("BTC < 80_000", ["bitcoin < 80000 usd"]),
        ("bitcoin above 1.5m", ["bitcoin > 1500000 usd"]),
        ("$btc under $70,000", ["bitcoin < 70000 usd"]),
        ("btc 100k", ["bitcoin crosses 100000 usd up"]),
        ("btc 80k", ["bitcoin crosses 80000 usd down"]),
        ("alert me when btc hits 100k", ["bitcoin crosses 100000 usd up"]),
        ("btc 80k 95k 105k", ["bitcoin crosses 80000 usd down", "bitcoin crosses 95000 usd up",
                              "bitcoin crosses 105000 usd up"]),
        ("btc crosses 100k", ["bitcoin crosses 100000 usd up then down"]),
        ("btc crosses 100k up every 4h", ["bitcoin crosses 100000 usd up every 4h"]),
        ("btc crosses 80k down", ["bitcoin crosses 80000 usd down"]),
        ("btc > 30m", ["bitcoin > 30000000 usd"]),
        ("btc > 100 000", ["bitcoin > 100000 usd"]),
        ("btc > 100\u202f000", ["bitcoin > 100000 usd"]),
        ("eth > 0.05 btc", ["ethereum > 0.05 bitcoin"]),
        ("btc > 80k eur", ["bitcoin > 80000 eur"]),
        ("eth -5% in 1h", ["ethereum/usd -5% in 1h"]),
        ("eth +5% in 30m", ["ethereum/usd +5% in 30m"]),
        ("eth ±2.5% in 1d", ["ethereum/usd ±2.5% in 1d"]),
        ("eth drops 5% in 1h", ["ethereum/usd -5% in 1h"]),
        ("eth rises by 5% within 4h", ["ethereum/usd +5% in 4h"]),
        ("eth -5%", ["ethereum crosses 2850 usd down"]),
        ("eth +5%", ["ethereum crosses 3150 usd up"]),
        ("btc > 100k once", ["bitcoin > 100000 usd"]),
        ('btc > 100k every 1d note "sell half"', ['bitcoin > 100000 usd every 1d note "sell half"']),
    ],
)  # fmt: skip
async def test_what_a_line_saves(world: World, line: str, stored: list[str]) -> None:
    assert await rules(world, f"/alert {line}") == stored
    await world.ask("/alerts delete all yes")
    for rule in stored:  # the canonical line means the same
        assert await rules(world, f"/alert {rule}") == [rule]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("btc > 100k", ("Once, when BTC is above $100,000.", "Now $90,000.00, +11.11% to go.")),
        ("btc 80k", ("Once, when BTC reaches $80,000 from above.", "Now $90,000.00, −11.11% to go.")),
        ("btc crosses 100k every 4h", ("When BTC crosses $100,000, at most every 4h.",)),
        ("btc > 80k", ("Now $90,000.00; true already, waits until it is false first.",)),
        ("eth > 0.05 btc", ("Once, when ETH is above 0.05 BTC.", "Now 0.03333 BTC, +50.00% to go.")),
        ("btc > 80k eur", ("Once, when BTC is above €80,000.", "Now €72,000.00, +11.11% to go.")),
        ("btc > 100k until 3d", ("Until 25 Nov 2026 09:00 UTC.",)),
        ("btc > 100k until sunday", ("Until 22 Nov 2026 23:59 UTC.",)),
        ("btc > 100k until fri", ("Until 27 Nov 2026 23:59 UTC.",)),
        ("btc > 100k note buy the dip", ("Note: buy the dip",)),
    ],
)
async def test_what_was_understood_is_said(world: World, line: str, words: tuple[str, ...]) -> None:
    said = " ".join((await world.ask(f"/alert {line}")).split())
    for each in words:
        assert each in said


async def test_levels_are_in_the_currency_of_the_person(world: World) -> None:
    await transcript(world, EURO)
    assert await rules(world, "/alert btc > 80.000") == ["bitcoin > 80000 eur"]
    assert await rules(world, "/alert btc > 100k usd") == ["bitcoin > 100000 usd"]
    assert "23:59 CET." in await world.ask("/alert btc > 90k until fri")


@pytest.mark.parametrize(
    ("line", "answer", "stored", "style", "second"),
    [
        ("btc > 100.000", "100,000", "bitcoin > 100000 usd", "1.234,56", "bitcoin > 110000 usd"),
        ("btc > 100.000", "100", "bitcoin > 100 usd", "1,234.56", "bitcoin > 110 usd"),
        ("eth > 4.000k", "4,000,000", "ethereum > 4000000 usd", "1.234,56", "bitcoin > 110000 usd"),
        ("eth > 3500,5", "3,500.5", "ethereum > 3500.5 usd", "1.234,56", "bitcoin > 110000 usd"),
        ('btc > 100.000 note "1.000=1000"', "100,000", 'bitcoin > 100000 usd note "1.000=1000"', "1.234,56",
         "bitcoin > 110000 usd"),
    ],
)  # fmt: skip
async def test_which_number_is_asked_once(
    world: World, line: str, answer: str, stored: str, style: str, second: str
) -> None:
    asked = await world.reply(f"/alert {line}")
    assert asked.card.title.startswith("Which number is «")
    saying = await world.press(asked, answer)
    assert f"Numbers are read like {style} from now on" in str(saying.card.notes)
    assert await saved(world) == [(1, stored)]
    assert f"'{style}'" in str((await world.reply("/settings")).card.table)
    await world.ask("/alerts edit 1 btc > 110.000")
    assert await saved(world) == [(1, second)]


async def test_an_answer_about_a_number_outlives_the_next_question(world: World) -> None:
    asked = await world.press(await world.reply("/alert btc > 100.000 1h"), "100,000")
    assert asked.card.title == "What is «1h» for?"
    await world.press(asked, "Repeat, at most every 1h")
    assert await saved(world) == [(1, "bitcoin > 100000 usd every 1h")]
    assert await rules(world, "/alert btc > 120.000") == ["bitcoin > 120000 usd"]


async def test_undo_and_tune_are_offered(world: World) -> None:
    reply = await world.reply("/alert btc > 100k")
    assert [button.line for row in reply.buttons for button in row] == [
        "/alerts delete 1", "/alerts tune 1", "/chart bitcoin", "/alerts list",
    ]  # fmt: skip
    assert "/alerts edit 2 ethereum/usd -5% in 1d" in str((await world.reply("/alert eth -5%")).buttons)


async def test_guided_to_the_end(world: World) -> None:
    coins = await world.reply("/alert")
    levels = await world.press(coins, "ETH")
    assert levels.card.title == "Tell you when ETH…"
    await world.press(levels, "↑ $3,150")
    await world.press(levels, "−5% in 24h")
    assert await saved(world) == [(1, "ethereum > 3150 usd"), (2, "ethereum/usd -5% in 1d")]


async def test_the_nearest_to_firing_comes_first_and_what_rests_last(world: World) -> None:
    for rule in ("btc > 100k", "eth > 3100", "btc < 89k", "sol > 151"):
        await world.ask(f"/alert {rule}")
    assert await listed(world, "/alerts") == [4, 3, 2, 1]
    await world.ask("/alerts pause 4")
    assert await listed(world, "/alerts") == [3, 2, 1, 4]
    assert await listed(world, "/alerts list btc") == [3, 1]


async def test_numbers_are_counted_by_owner(world: World) -> None:
    assert "Alert #1 is set" in await world.ask("/alert btc > 100k")
    assert "Alert #1 is set" in await world.ask("/alert btc > 100k", BEN)
    assert "Alert #1 is set" in await world.ask("/alert btc > 100k here", ADMIN_IN_GROUP)
    assert "Alert #2 is set" in await world.ask("/alert btc > 101k", ANN_IN_GROUP)
    await world.ask("/alerts delete 2")
    assert "Alert #3 is set" in await world.ask("/alert btc > 102k")
    assert "There is no alert #3 of yours" in await world.ask("/alerts show 3", BEN)


async def test_here_is_for_admins_and_in_private_means_me(world: World) -> None:
    assert "Only admins" in await world.ask("/alert btc > 100k here", ANN_IN_GROUP)
    assert "is set" in await world.ask("/alert btc > 100k here", ADMIN_IN_GROUP)
    assert await listed(world, "/alerts list here", ANN_IN_GROUP) == [1]
    assert await listed(world, "/alerts", ANN_IN_GROUP) == []
    assert "is set" in await world.ask("/alert btc > 100k here")
    assert await listed(world, "/alerts") == [1]


async def test_fifty_alerts_and_not_one_more(world: World) -> None:
    for first in range(100, 600, 10):
        await world.ask(f"/alert btc > {first}k")
    before = await world.dump()
    refusal = await world.reply("/alert btc > 700k")
    assert "You have 50 alerts already" in refusal.card.title
    assert refusal.data == Failure(LimitReached.code, refusal.card.title)
    assert "You have 50" in await world.ask("/alert eth 5k 6k")
    assert await world.dump() == before
    await world.ask("/alerts delete 7")
    assert "is set" in await world.ask("/alert btc > 700k")
    assert "You have 50" in await world.ask("/alerts restore 7")
    assert "is set" in await world.ask("/alert btc > 700k", BEN)


async def test_several_levels_are_saved_together_or_not_at_all(world: World) -> None:
    for first in range(100, 590, 10):
        await world.ask(f"/alert btc > {first}k")
    before = await world.dump()
    assert "You have 50" in await world.ask("/alert btc 700k 800k")
    assert await world.dump() == before


async def test_a_snooze_ends_by_itself(world: World) -> None:
    await world.ask("/alert btc > 100k")
    assert "nooze" in await world.ask("/alerts snooze 1 30m")
    await world.at(1801)
    assert "to go." in await world.ask("/alerts show 1")


async def test_an_edit_keeps_number_and_owner(world: World) -> None:
    await world.ask("/alert btc > 100k here", ADMIN_IN_GROUP)
    await world.ask("/alerts edit 1 eth -5% in 1h every 4h here", ADMIN_IN_GROUP)
    assert await saved(world, ANN_IN_GROUP, here=True) == [(1, "ethereum/usd -5% in 1h every 4h")]
    assert await saved(world, ADMIN_IN_GROUP) == []
    assert "One alert has one level" in await world.ask("/alerts edit 1 btc 1k 2k here", ADMIN_IN_GROUP)
    assert "Only admins" in await world.ask("/alerts edit 1 btc > 5k here", ANN_IN_GROUP)
    assert "no alert #1 of yours" in await world.ask("/alerts edit 1 btc > 5k", ANN_IN_GROUP)


async def test_tuning_keeps_what_it_does_not_change(world: World) -> None:
    await world.ask('/alert btc > 100k every 4h until 2d note "sell half"')
    await world.press(await world.reply("/alerts tune 1"), "$101,000")
    assert await saved(world) == [(1, 'bitcoin > 101000 usd every 4h note "sell half"')]
    assert "Until " in await world.ask("/alerts show 1")
    await world.press(await world.reply("/alerts tune 1"), "Once")
    assert await saved(world) == [(1, 'bitcoin > 101000 usd note "sell half"')]
    await world.ask("/alerts edit 1 eth -5% in 1h")
    await world.press(await world.reply("/alerts tune 1"), "10%")
    assert await saved(world) == [(1, "ethereum/usd -10% in 1h")]


async def test_who_was_slower_is_told(world: World) -> None:
    await world.ask("/alert btc > 100k")
    service = world.app.services.alerts
    caller = await world.caller(ANN)
    seen = await world.app.store.read(lambda tx: service.numbered(tx, caller, 1))
    await world.ask("/alerts pause 1")
    with pytest.raises(Exception, match="Alert #1 was already changed"):
        await world.app.store.write(lambda tx: service.set_state(tx, seen, "snoozed", until=world.clock.now()))
    with pytest.raises(Exception, match="Alert #1 was already changed"):
        await world.app.store.write(lambda tx: service.delete(tx, seen))
    assert "Paused." in await world.ask("/alerts show 1")


async def test_undo_of_a_deletion(world: World) -> None:
    await world.ask("/alert btc > 100k")
    deleted = await world.reply("/alerts delete 1")
    assert "No alerts yet" in await world.ask("/alerts")
    assert "There is no alert #1 of yours" in await world.ask("/alerts pause 1")
    assert "is back" in (await world.press(deleted, "Undo")).card.title
    await world.say_at(5, btc=100_001)
    expect(world.alerts, "BTC is above $100,000")


async def test_a_coin_that_nobody_followed_is_looked_up_first(world: World) -> None:
    world.exchanges[0].prices["dogecoin"] = Decimal("0.25")
    assert "Now $0.2500, +20.00% to go." in await world.ask("/alert doge 0.3")

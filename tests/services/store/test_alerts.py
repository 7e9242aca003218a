from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.domain.alerts import Alert, State
from services.domain.metrics import Metric, Study
from services.domain.rules import AllOf, AnyOf, Rule
from services.store import alerts, conditions, events, people
from services.store.alerts import NewAlert
from services.store.errors import StoreConflict
from services.tx import Store, Tx
from tests.services.store.samples import BTC, GROUP, LATER, NOW, firing, someone, standing, stored_alert, wish


async def test_an_alert_comes_back_as_it_was_stored(store: Store) -> None:
    drop = standing(Metric("drop", "ethereum", "eur", timedelta(hours=1)), "up", "5.0000000000000001", met=True)
    rule = Rule(
        drop.condition, timedelta(minutes=10), timedelta(hours=4), LATER, Decimal("0.25"), "critical", None, "½ «now»"
    )
    new = replace(wish(None), rule="eth -5% in 1h …", currency="eur", wish=rule, standings=(drop,))

    def work(tx: Tx) -> tuple[int, int, Alert]:
        person = someone(tx)
        destination = people.destination_of_person(tx, person)
        return person, destination, alerts.add(tx, replace(new, owner_person=person), destination, NOW)

    person, destination, made = await store.write(work)
    assert made == await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert made == Alert(
        id=made.id, number=1, owner_person=person, owner_chat=None, destination=destination, rule=new.rule,
        currency="eur", expression=drop.condition, standings=(drop,), hold=timedelta(minutes=10),
        every=timedelta(hours=4), band=Decimal("0.25"), loudness="critical", note="½ «now»", state="ok", episode=0,
        version=1, created_at=NOW, expires_at=LATER, snoozed_until=None, due_at=None,
    )  # fmt: skip


def ending(new: NewAlert, until: datetime | None) -> NewAlert:
    return replace(new, wish=replace(new.wish, until=until))


async def test_a_rule_of_several_conditions_comes_back(store: Store) -> None:
    low, high = standing(BTC, "above", "95000", Decimal(96000), met=True), standing(BTC, "below", "98000")
    rsi = standing(Metric("rsi", "ethereum", study=Study("rsi", (Decimal(14),), "4h")), "below", "30")
    rule = Rule(AnyOf((AllOf((low.condition, high.condition)), rsi.condition)))

    def work(tx: Tx) -> Alert:
        person = someone(tx)
        new = replace(wish(person), wish=rule, standings=(low, high, rsi))
        return alerts.add(tx, new, people.destination_of_person(tx, person), NOW)

    made = await store.write(work)
    assert (made.expression, made.standings, made.is_true) == (rule.expression, (low, high, rsi), False)
    assert {(each, way) for each, _, way, _ in await store.read(conditions.live)} == {
        (made.id * 8, "down"), (made.id * 8 + 1, "down"), (made.id * 8 + 2, "down"),
    }  # fmt: skip
    after = (low, replace(high, met=True), rsi)
    await store.write(lambda tx: alerts.turn(tx, made, after))
    await store.write(lambda tx: alerts.wait(tx, made.id, LATER))
    kept = await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert kept == replace(made, standings=after, due_at=LATER)
    assert kept.is_true
    assert await store.read(lambda tx: alerts.true_long_enough(tx, LATER)) == [made.id]
    assert await store.read(lambda tx: alerts.true_long_enough(tx, NOW)) == []
    event = firing(made)
    event_id = await store.write(lambda tx: events.add(tx, event, after))
    assert await store.read(lambda tx: events.inputs(tx, event_id)) == tuple(replace(each, met=True) for each in after)
    assert await store.write(lambda tx: alerts.edit(tx, made, wish(made.owner_person)))
    assert len(await store.read(conditions.live)) == 1


async def test_numbers_count_up_for_each_owner_and_never_come_again(store: Store) -> None:
    def work(tx: Tx) -> tuple[int, int]:
        person = someone(tx)
        chat = people.chat_of(tx, GROUP, None)
        for level in ("1", "2", "3"):
            stored_alert(tx, person, level)
        alerts.add(tx, wish(None, chat), people.destination_of_chat(tx, chat), NOW)
        return person, chat

    person, chat = await store.write(work)
    mine = await store.read(lambda tx: alerts.of_owner(tx, person=person, chat=None))
    assert [each.number for each in mine] == [1, 2, 3]
    assert [each.number for each in await store.read(lambda tx: alerts.of_owner(tx, person=None, chat=chat))] == [1]
    assert await store.write(lambda tx: alerts.delete(tx, mine[2], LATER))
    assert (await store.write(lambda tx: stored_alert(tx, person, "4"))).number == 4
    assert await store.read(lambda tx: alerts.count(tx, person=person, chat=None)) == 3
    assert await store.read(lambda tx: alerts.count(tx, person=None, chat=chat)) == 1


async def test_deleted_alerts_are_gone_until_they_are_put_back(store: Store) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    assert await store.write(lambda tx: alerts.delete(tx, made, LATER))
    assert await store.read(lambda tx: alerts.by_id(tx, made.id)) is None
    assert list(await store.read(conditions.live)) == []
    kept = await store.read(lambda tx: alerts.by_id_even_deleted(tx, made.id))
    assert kept == replace(made, state="paused", version=2)
    assert await store.read(lambda tx: alerts.deleted(tx, person=person, chat=None, number=1)) == made.id
    assert await store.read(lambda tx: alerts.deleted(tx, person=person + 1, chat=None, number=1)) is None
    await store.write(lambda tx: alerts.undelete(tx, made.id))
    assert await store.read(lambda tx: alerts.by_id(tx, made.id)) == replace(made, version=3)
    assert await store.read(lambda tx: alerts.deleted(tx, person=person, chat=None, number=1)) is None
    assert len(await store.read(conditions.live)) == 1


@pytest.mark.parametrize(("state", "watched"), [("ok", 1), ("paused", 0), ("snoozed", 0), ("done", 0), ("expired", 0)])
async def test_only_alerts_at_work_are_watched(store: Store, state: State, watched: int) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    assert await store.write(lambda tx: alerts.set_state(tx, made, state, until=LATER))
    after = await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert after == replace(made, state=state, version=2, snoozed_until=LATER)
    assert len(await store.read(conditions.live)) == watched


async def test_what_is_watched_is_the_rounded_level_in_the_right_direction(store: Store) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    [(entry, metric, way, level)] = await store.read(conditions.live)
    assert (entry, metric, way) == (made.id * 8, "price@pair:bitcoin/usd", "up")
    assert 99_999.999999 < level < 100_000


async def test_the_slower_of_two_edits_changes_nothing(store: Store) -> None:
    person = await store.write(someone)
    seen = await store.write(lambda tx: stored_alert(tx, person))
    assert await store.write(lambda tx: alerts.set_state(tx, seen, "paused"))
    assert not await store.write(lambda tx: alerts.set_state(tx, seen, "snoozed", until=LATER))
    assert not await store.write(lambda tx: alerts.delete(tx, seen, LATER))
    assert not await store.write(lambda tx: alerts.edit(tx, seen, wish(person, level="7")))
    after = await store.read(lambda tx: alerts.by_id(tx, seen.id))
    assert after == replace(seen, state="paused", version=2)
    assert list(await store.read(conditions.live)) == []


async def test_an_edit_gives_another_rule_under_the_same_number(store: Store) -> None:
    person = await store.write(someone)
    seen = await store.write(lambda tx: stored_alert(tx, person))
    down = wish(person, level="0.5", op="cross_down")
    other = replace(down, wish=replace(down.wish, every="daily", note="again", until=LATER))
    assert await store.write(lambda tx: alerts.edit(tx, seen, other))
    after = await store.read(lambda tx: alerts.by_id(tx, seen.id))
    assert after == replace(
        seen, rule=other.rule, expression=other.condition, standings=other.standings, every="daily", note="again",
        expires_at=LATER, version=2,
    )  # fmt: skip


async def test_turning_stores_what_is_waited_for_next(store: Store) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    turned = standing(BTC, "below", "100000", Decimal("100000.000000000000000001"), met=True)
    await store.write(lambda tx: alerts.turn(tx, made, (turned,)))
    await store.write(lambda tx: alerts.fired(tx, made.id, 1, "ok"))
    after = await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert after == replace(made, expression=turned.condition, standings=(turned,), episode=1, version=2)


async def test_an_event_comes_back_and_cannot_come_twice(store: Store) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    other = await store.write(lambda tx: stored_alert(tx, person, "200000"))
    event = firing(made)
    first = await store.write(lambda tx: events.add(tx, event))
    assert await store.read(lambda tx: events.by_id(tx, first)) == replace(event, id=first)
    with pytest.raises(StoreConflict):
        await store.write(lambda tx: events.add(tx, replace(event, code="OTHER1")))
    with pytest.raises(StoreConflict):
        await store.write(lambda tx: events.add(tx, replace(event, alert=other.id)))  # the code is taken
    second = await store.write(lambda tx: events.add(tx, replace(event, episode=2, code="OTHER2")))
    assert await store.read(lambda tx: events.last(tx, made.id)) == replace(event, id=second, episode=2, code="OTHER2")
    assert {each.id for each in await store.read(lambda tx: events.of_alert(tx, made.id))} == {first, second}
    assert [each.id for each in await store.read(lambda tx: events.after(tx, first))] == [second]
    assert await store.read(lambda tx: events.is_code_taken(tx, "OTHER2"))
    assert not await store.read(lambda tx: events.is_code_taken(tx, "FREE00"))
    assert await store.read(lambda tx: events.by_id(tx, 404)) is None
    assert await store.read(lambda tx: events.last(tx, other.id)) is None


async def test_what_is_due_is_a_snooze_or_a_life_that_is_over(store: Store) -> None:
    def work(tx: Tx) -> dict[str, int]:
        person = someone(tx)
        destination = people.destination_of_person(tx, person)
        ends = [alerts.add(tx, ending(wish(person), until), destination, NOW) for until in (None, NOW, LATER)]
        snoozed = stored_alert(tx, person)
        alerts.set_state(tx, snoozed, "snoozed", until=NOW)
        paused = alerts.add(tx, ending(wish(person), NOW), destination, NOW)
        alerts.set_state(tx, paused, "paused")
        return {"ended": ends[1].id, "later": ends[2].id, "snoozed": snoozed.id}

    made = await store.write(work)
    early = NOW - timedelta(microseconds=1)
    assert await store.read(lambda tx: alerts.due(tx, early)) == []
    assert set(await store.read(lambda tx: alerts.due(tx, NOW))) == {made["ended"], made["snoozed"]}
    assert set(await store.read(lambda tx: alerts.due(tx, LATER))) == set(made.values())

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.domain.alerts import Alert, State
from services.domain.metrics import Metric
from services.domain.quotes import Observation
from services.domain.rules import Condition
from services.store import alerts, events, people
from services.store.errors import StoreConflict
from services.tx import Store, Tx
from tests.services.store.samples import BTC, GROUP, LATER, NOW, firing, someone, stored_alert, wish


async def test_an_alert_comes_back_as_it_was_stored(store: Store) -> None:
    new = replace(
        wish(None), rule="eth -5% in 1h every 4h", currency="eur", armed=False, every=timedelta(hours=4),
        condition=Condition(Metric("drop", "ethereum", "eur", timedelta(hours=1)), "up", Decimal("5.0000000000000001")),
        until=LATER, note="sell ½ «now»", value=None, value_at=None,
    )  # fmt: skip

    def work(tx: Tx) -> tuple[int, int, Alert]:
        person = someone(tx)
        destination = people.destination_of_person(tx, person)
        return person, destination, alerts.add(tx, replace(new, owner_person=person), destination, NOW)

    person, destination, made = await store.write(work)
    assert made == await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert made == Alert(
        id=made.id, number=1, owner_person=person, owner_chat=None, destination=destination, rule=new.rule,
        currency="eur", condition=new.condition, armed=False, every=timedelta(hours=4), note="sell ½ «now»", state="ok",
        episode=0, version=1, created_at=NOW, expires_at=LATER, snoozed_until=None, last_value=None,
    )  # fmt: skip


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
    assert await store.read(alerts.live) == []
    kept = await store.read(lambda tx: alerts.by_id_even_deleted(tx, made.id))
    assert kept == replace(made, state="paused", version=2)
    assert await store.read(lambda tx: alerts.deleted(tx, person=person, chat=None, number=1)) == made.id
    assert await store.read(lambda tx: alerts.deleted(tx, person=person + 1, chat=None, number=1)) is None
    await store.write(lambda tx: alerts.undelete(tx, made.id))
    assert await store.read(lambda tx: alerts.by_id(tx, made.id)) == replace(made, version=3)
    assert await store.read(lambda tx: alerts.deleted(tx, person=person, chat=None, number=1)) is None
    assert len(await store.read(alerts.live)) == 1


@pytest.mark.parametrize(("state", "watched"), [("ok", 1), ("paused", 0), ("snoozed", 0), ("done", 0), ("expired", 0)])
async def test_only_alerts_at_work_are_watched(store: Store, state: State, watched: int) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    assert await store.write(lambda tx: alerts.set_state(tx, made, state, until=LATER))
    after = await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert after == replace(made, state=state, version=2, snoozed_until=LATER)
    assert len(await store.read(alerts.live)) == watched


async def test_what_is_watched_is_the_rounded_level_in_the_right_direction(store: Store) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    [(entry, metric, way, level)] = await store.read(alerts.live)
    assert (entry, metric, way) == (made.id, "price@pair:bitcoin/usd", "up")
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
    assert await store.read(alerts.live) == []


async def test_an_edit_gives_another_rule_under_the_same_number(store: Store) -> None:
    person = await store.write(someone)
    seen = await store.write(lambda tx: stored_alert(tx, person))
    other = replace(wish(person, level="0.5", op="cross_down"), every=timedelta(days=1), note="again", until=LATER)
    assert await store.write(lambda tx: alerts.edit(tx, seen, other))
    after = await store.read(lambda tx: alerts.by_id(tx, seen.id))
    assert after == replace(
        seen, rule=other.rule, condition=Condition(BTC, "cross_down", Decimal("0.5")), every=timedelta(days=1),
        note="again", expires_at=LATER, version=2,
    )  # fmt: skip


async def test_turning_stores_what_is_waited_for_next(store: Store) -> None:
    person = await store.write(someone)
    made = await store.write(lambda tx: stored_alert(tx, person))
    turned = Condition(BTC, "below", Decimal(100_000))
    seen = Observation("price@pair:bitcoin/usd", Decimal("100000.000000000000000001"), LATER, LATER, "kraken", "tick")
    await store.write(lambda tx: alerts.turn(tx, made, turned, seen, armed=False, live=True))
    await store.write(lambda tx: alerts.fired(tx, made.id, 1, "ok"))
    after = await store.read(lambda tx: alerts.by_id(tx, made.id))
    assert after == replace(made, condition=turned, armed=False, last_value=seen.value, episode=1, version=2)


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
        ends = [alerts.add(tx, replace(wish(person), until=until), destination, NOW) for until in (None, NOW, LATER)]
        snoozed = stored_alert(tx, person)
        alerts.set_state(tx, snoozed, "snoozed", until=NOW)
        paused = alerts.add(tx, replace(wish(person), until=NOW), destination, NOW)
        alerts.set_state(tx, paused, "paused")
        return {"ended": ends[1].id, "later": ends[2].id, "snoozed": snoozed.id}

    made = await store.write(work)
    early = NOW - timedelta(microseconds=1)
    assert await store.read(lambda tx: alerts.due(tx, early)) == []
    assert set(await store.read(lambda tx: alerts.due(tx, NOW))) == {made["ended"], made["snoozed"]}
    assert set(await store.read(lambda tx: alerts.due(tx, LATER))) == set(made.values())

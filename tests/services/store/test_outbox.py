from dataclasses import replace
from datetime import timedelta
from functools import partial

from services.domain.deliveries import Backlog, Delivery, DeliveryState
from services.store import events, outbox, people
from services.store.outbox import Owed, Settlement
from services.tx import Store, Tx
from tests.services.store.samples import GROUP, LATER, NOW, firing, someone, stored_alert


async def _owed(store: Store, *, sending: bool = False, key: str = "event 1 to 1 part 0") -> Delivery:
    def work(tx: Tx) -> Delivery | None:
        chat = people.chat_of(tx, GROUP, None)
        return outbox.add(tx, Owed(key, "reply", chat, answers="55", card='{"title": "ok"}'), NOW, sending=sending)

    made = await store.write(work)
    assert made is not None
    return made


async def _now(store: Store, owed: Delivery) -> Delivery:
    found = await store.read(lambda tx: outbox.by_id(tx, owed.id))
    assert found is not None
    return found


async def test_what_is_owed_comes_back_as_it_was_stored(store: Store) -> None:
    def work(tx: Tx) -> tuple[int, int, Delivery | None]:
        person = someone(tx)
        alert = stored_alert(tx, person)
        event = events.add(tx, firing(alert))
        [chat] = people.private_chats(tx, person)
        owed = Owed("event 1 to 2 part 0", "alert", chat, event=event, destination=alert.destination)
        return chat, event, outbox.add(tx, owed, NOW)

    chat, event, made = await store.write(work)
    assert made is not None
    assert made == await _now(store, made)
    assert made == replace(
        made, key="event 1 to 2 part 0", kind="alert", event=event, chat=chat, private=True, answers=None, card=None,
        state="pending", attempt=0, unknowns=0, first_intended_at=None, not_before=NOW, created_at=NOW,
    )  # fmt: skip
    assert await store.read(lambda tx: outbox.by_id(tx, 404)) is None


async def test_the_same_message_is_not_owed_twice(store: Store) -> None:
    first = await _owed(store)

    def again(tx: Tx) -> Delivery | None:
        return outbox.add(tx, Owed(first.key, "notice", first.chat, card="other"), LATER)

    assert await store.write(again) is None
    assert await store.read(outbox.unsettled) == [first]


async def test_a_message_can_be_owed_and_intended_at_once(store: Store) -> None:
    made = await _owed(store, sending=True)
    assert (made.state, made.attempt, made.first_intended_at) == ("sending", 1, NOW)
    assert await store.read(outbox.unsettled) == []
    assert not await store.write(lambda tx: outbox.intend(tx, made, LATER))


async def test_intending_is_for_what_is_still_owed_and_keeps_its_first_time(store: Store) -> None:
    made = await _owed(store)
    assert await store.write(lambda tx: outbox.intend(tx, made, NOW))
    assert not await store.write(lambda tx: outbox.intend(tx, made, NOW))
    under_way = await _now(store, made)
    assert (under_way.state, under_way.attempt, under_way.first_intended_at) == ("sending", 1, NOW)
    unknown = Settlement("unknown", "no answer", not_before=LATER, unknown=True)
    await store.write(lambda tx: outbox.settle(tx, under_way, unknown, NOW))
    again = await _now(store, made)
    assert (again.state, again.unknowns, again.not_before) == ("unknown", 1, LATER)
    assert await store.write(lambda tx: outbox.intend(tx, again, LATER))
    assert (await _now(store, made)).first_intended_at == NOW
    assert (await _now(store, made)).attempt == 2


async def test_whoever_missed_an_attempt_may_not_make_one(store: Store) -> None:
    made = await _owed(store)
    assert await store.write(lambda tx: outbox.intend(tx, made, NOW))
    await store.write(lambda tx: outbox.settle(tx, made, Settlement("unknown", unknown=True), NOW))
    assert not await store.write(lambda tx: outbox.intend(tx, made, LATER))  # it would go without its label
    again = await _now(store, made)
    assert await store.write(lambda tx: outbox.intend(tx, again, LATER))


async def test_what_has_arrived_keeps_no_text(store: Store) -> None:
    made = await _owed(store, sending=True)
    await store.write(lambda tx: outbox.settle(tx, made, Settlement("sent", message_id=77), LATER))
    sent = await _now(store, made)
    assert (sent.state, sent.card, sent.answers) == ("sent", None, None)
    assert await store.read(outbox.unsettled) == []
    assert not await store.write(lambda tx: outbox.intend(tx, sent, LATER))


async def test_what_is_still_owed_keeps_its_text(store: Store) -> None:
    made = await _owed(store, sending=True)
    await store.write(lambda tx: outbox.settle(tx, made, Settlement("pending", "later", not_before=LATER), NOW))
    waiting = await _now(store, made)
    assert (waiting.card, waiting.answers, waiting.not_before) == ('{"title": "ok"}', "55", LATER)
    assert await store.read(outbox.unsettled) == [waiting]


async def test_only_what_a_dead_process_was_sending_is_abandoned(store: Store) -> None:
    sending = await _owed(store, sending=True)
    pending = await _owed(store, key="event 2 to 1 part 0")
    assert await store.write(outbox.abandon) == 1
    assert await store.write(outbox.abandon) == 0
    found = {each.id: (each.state, each.unknowns) for each in await store.read(outbox.unsettled)}
    assert found == {sending.id: ("unknown", 1), pending.id: ("pending", 0)}


async def test_parked_messages_wake_with_their_chat(store: Store) -> None:
    made = await _owed(store, sending=True)
    await store.write(lambda tx: outbox.settle(tx, made, Settlement("parked", "blocked", not_before=LATER), NOW))
    assert (await _now(store, made)).state == "parked"
    assert await store.read(outbox.unsettled) == []
    assert await store.write(lambda tx: outbox.wake_chat(tx, made.chat + 1, NOW)) == []
    assert await store.write(lambda tx: outbox.wake_chat(tx, made.chat, NOW)) == [made.id]
    assert await store.write(lambda tx: outbox.wake_chat(tx, made.chat, NOW)) == []
    awake = await _now(store, made)
    assert (awake.state, awake.not_before, awake.card) == ("pending", NOW, '{"title": "ok"}')


async def test_parked_messages_are_tried_again_when_their_time_comes(store: Store) -> None:
    made = await _owed(store)
    assert await store.write(partial(outbox.intend, owed=made, now=NOW))
    await store.write(lambda tx: outbox.settle(tx, made, Settlement("parked", "blocked", not_before=LATER), NOW))
    assert await store.write(lambda tx: outbox.wake_due(tx, LATER - timedelta(seconds=1))) == []
    assert await store.write(lambda tx: outbox.wake_due(tx, LATER)) == [made.id]


async def test_the_backlog_counts_what_waits_and_what_is_parked(store: Store) -> None:
    assert await store.read(outbox.backlog) == Backlog(waiting=0, oldest=None, parked=0)
    states: tuple[DeliveryState, ...] = ("sent", "parked", "unknown", "parked")
    for number, state in enumerate(states):
        made = await _owed(store, key=str(number))
        await store.write(partial(outbox.settle, owed=made, settlement=Settlement(state), now=LATER))
    await _owed(store, key="e")
    await _owed(store, key="f", sending=True)
    assert await store.read(outbox.backlog) == Backlog(waiting=2, oldest=NOW, parked=2)

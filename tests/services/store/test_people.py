import pytest

from services.domain.people import Place, Preferences
from services.store import alerts, buttons, outbox, people
from services.store.buttons import ButtonRow
from services.store.outbox import Owed
from services.tx import Store, Tx
from tests.services.store.samples import GROUP, LATER, NOW, private, someone, wish

ANN = 6_123_456_789_012
BEA = 52


async def test_an_account_is_one_person_for_ever(store: Store) -> None:
    first = await store.write(lambda tx: people.person_of(tx, "telegram", ANN, NOW))
    again = await store.write(lambda tx: people.person_of(tx, "telegram", ANN, LATER))
    elsewhere = await store.write(lambda tx: people.person_of(tx, "discord", ANN, LATER))
    assert first == again == (first[0], Preferences("UTC", "usd", None))
    assert elsewhere[0] != first[0]
    assert await store.read(lambda tx: people.known_since(tx, first[0])) == NOW
    assert await store.read(lambda tx: people.accounts(tx, first[0])) == [("telegram", ANN)]


async def test_preferences_are_remembered(store: Store) -> None:
    def work(tx: Tx) -> Preferences:
        person = someone(tx, ANN)
        people.prefer(tx, person, "zone", "Asia/Kathmandu")
        people.prefer(tx, person, "currency", "eur")
        people.prefer(tx, person, "numbers", "1.234,56")
        return people.preferences(tx, person)

    wanted = Preferences("Asia/Kathmandu", "eur", "1.234,56")
    assert await store.write(work) == wanted
    assert (await store.write(lambda tx: people.person_of(tx, "telegram", ANN, NOW)))[1] == wanted
    assert await store.read(lambda tx: people.preferences(tx, 404)) == Preferences()


async def test_choices_keep_the_newest(store: Store) -> None:
    def work(tx: Tx) -> int:
        person = someone(tx)
        people.choose(tx, person, "bat", "batman")
        people.choose(tx, person, "bat", "basic-attention-token")
        people.choose(tx, person, "one", "harmony")
        return person

    person = await store.write(work)
    wanted = {"bat": "basic-attention-token", "one": "harmony"}
    assert await store.read(lambda tx: people.choices(tx, person)) == wanted


async def test_a_chat_is_one_row_for_each_bot_and_topic(store: Store) -> None:
    places = (GROUP, Place("telegram", 8, GROUP.chat_id), Place("telegram", 7, GROUP.chat_id, 44))

    def work(tx: Tx) -> list[int]:
        return [people.chat_of(tx, place, None) for place in (*places, *places)]

    ids = await store.write(work)
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3
    for place, chat in zip(places, ids[:3], strict=True):
        found = await store.read(lambda tx, chat=chat: people.chat_row(tx, chat))  # type: ignore[misc]  # no inference
        assert found == people.ChatRow(chat, place, None, None, None)
    assert await store.read(lambda tx: people.chats_at(tx, GROUP)) == [ids[0], ids[2]]
    assert await store.read(lambda tx: people.chat_row(tx, 404)) is None


async def test_a_parked_chat_comes_back_with_its_first_message(store: Store) -> None:
    person = await store.write(lambda tx: someone(tx, ANN))
    [chat] = await store.read(lambda tx: people.private_chats(tx, person))
    await store.write(lambda tx: people.park_chat(tx, chat, LATER, "blocked"))
    parked = await store.read(lambda tx: people.chat_row(tx, chat))
    assert parked is not None
    assert parked.parked_reason == "blocked"
    assert await store.read(lambda tx: people.private_chats(tx, person)) == []
    assert await store.read(lambda tx: people.parked_chats(tx, "telegram", 7)) == [chat]
    assert await store.write(lambda tx: people.chat_of(tx, private(ANN), person)) == chat
    assert await store.read(lambda tx: people.private_chats(tx, person)) == [chat]
    assert await store.read(lambda tx: people.parked_chats(tx, "telegram", 7)) == []


async def test_destinations_lead_to_a_chat(store: Store) -> None:
    def work(tx: Tx) -> tuple[int, int, int]:
        person = someone(tx, ANN)
        group = people.chat_of(tx, GROUP, None)
        return person, people.destination_of_person(tx, person), people.destination_of_chat(tx, group)

    person, to_person, to_group = await store.write(work)
    assert await store.write(work) == (person, to_person, to_group)
    [chat] = await store.read(lambda tx: people.private_chats(tx, person))
    assert await store.read(lambda tx: people.chat_for(tx, to_person)) == chat
    assert await store.read(lambda tx: people.chat_for(tx, to_group)) == await store.write(
        lambda tx: people.chat_of(tx, GROUP, None)
    )
    await store.write(lambda tx: people.park_chat(tx, chat, NOW, "blocked"))
    assert await store.read(lambda tx: people.chat_for(tx, to_person)) == chat  # owed there until it is open again
    assert await store.read(lambda tx: people.chat_for(tx, 404)) is None


async def test_the_oldest_open_private_chat_is_taken_first(store: Store) -> None:
    def work(tx: Tx) -> tuple[int, int]:
        person = someone(tx, ANN)
        second = people.chat_of(tx, Place("discord", 9, 77), person)
        return person, second

    person, second = await store.write(work)
    first, other = await store.read(lambda tx: people.private_chats(tx, person))
    assert other == second
    destination = await store.write(lambda tx: people.destination_of_person(tx, person))
    assert await store.read(lambda tx: people.chat_for(tx, destination)) == first
    await store.write(lambda tx: people.park_chat(tx, first, NOW, "blocked"))
    assert await store.read(lambda tx: people.chat_for(tx, destination)) == second


@pytest.mark.parametrize("topic", [None, 44])
async def test_a_group_moves_with_all_its_topics(store: Store, topic: int | None) -> None:
    here = Place("telegram", 7, GROUP.chat_id, topic)
    chat = await store.write(lambda tx: people.chat_of(tx, here, None))
    await store.write(lambda tx: people.migrate_chat(tx, "telegram", 7, GROUP.chat_id, -1_009))
    moved = await store.read(lambda tx: people.chat_row(tx, chat))
    assert moved is not None
    assert moved.place == Place("telegram", 7, -1_009, topic)
    assert await store.read(lambda tx: people.chats_at(tx, GROUP)) == []


async def test_a_group_whose_new_id_was_heard_of_first_becomes_one_chat(store: Store) -> None:
    new = Place("telegram", 7, -1_009)

    def work(tx: Tx) -> tuple[list[int], list[int], list[int | None]]:
        chats = [people.chat_of(tx, place, None) for place in (GROUP, new)]
        made = [alerts.add(tx, wish(None, chat), people.destination_of_chat(tx, chat), NOW).id for chat in chats * 2]
        people.chat_of(tx, Place("telegram", 8, -1_009), None)
        owed = [outbox.add(tx, Owed(f"reply {chat}", "reply", chat, card="x"), NOW) for chat in chats]
        buttons.add(tx, [ButtonRow("v1.b", "/alerts", None, chats[1], changes=False, expires_at=LATER)])
        return chats, made, [None if each is None else each.id for each in owed]

    (old, _), made, owed = await store.write(work)
    for _ in range(2):  # the error and the service message both tell of the move
        await store.write(lambda tx: people.migrate_chat(tx, "telegram", 7, GROUP.chat_id, -1_009))
    assert await store.read(lambda tx: people.chats_at(tx, new)) == [old]
    found = await store.read(lambda tx: alerts.of_owner(tx, person=None, chat=old))
    assert [(each.id, each.number) for each in found] == [(made[0], 1), (made[2], 2), (made[1], 3), (made[3], 4)]
    assert len({each.destination for each in found}) == 1
    assert await store.read(lambda tx: people.chat_for(tx, found[3].destination)) == old
    waiting = await store.read(outbox.unsettled)
    assert [(each.id, each.chat, each.place) for each in waiting] == [(number, old, new) for number in owed]
    button = await store.read(lambda tx: buttons.find(tx, "v1.b"))
    assert button is not None
    assert button.chat == old


async def test_a_group_without_alerts_takes_over_those_of_its_new_id(store: Store) -> None:
    new = Place("telegram", 7, -1_009)

    def work(tx: Tx) -> int:
        old, heard = (people.chat_of(tx, place, None) for place in (GROUP, new))
        alerts.add(tx, wish(None, heard), people.destination_of_chat(tx, heard), NOW)
        people.migrate_chat(tx, "telegram", 7, GROUP.chat_id, -1_009)
        return old

    old = await store.write(work)
    [found] = await store.read(lambda tx: alerts.of_owner(tx, person=None, chat=old))
    assert await store.read(lambda tx: people.chat_for(tx, found.destination)) == old

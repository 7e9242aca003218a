from dataclasses import replace
from datetime import timedelta

import pytest

from services.store import buttons, people
from services.store.buttons import ButtonRow
from services.store.errors import StoreConflict
from services.tx import Store, Tx
from tests.services.store.samples import GROUP, LATER, NOW, someone


async def _offered(store: Store) -> tuple[ButtonRow, ButtonRow]:
    def work(tx: Tx) -> tuple[ButtonRow, ButtonRow]:
        person, chat = someone(tx), people.chat_of(tx, GROUP, None)
        mine = ButtonRow("v1.aa", "/alerts delete 3", person, chat, changes=True, expires_at=LATER)
        anyone = ButtonRow("v1.bb", "/price btc", None, chat, changes=False, expires_at=LATER + timedelta(days=1))
        buttons.add(tx, [mine, anyone])
        buttons.add(tx, [])
        return mine, anyone

    return await store.write(work)


async def test_a_reference_stands_for_its_line(store: Store) -> None:
    mine, anyone = await _offered(store)
    assert await store.read(lambda tx: buttons.find(tx, "v1.aa")) == mine
    assert await store.read(lambda tx: buttons.find(tx, "v1.bb")) == anyone
    assert await store.read(lambda tx: buttons.find(tx, "v1.cc")) is None


async def test_a_reference_is_given_out_once(store: Store) -> None:
    mine, anyone = await _offered(store)
    with pytest.raises(StoreConflict):
        await store.write(lambda tx: buttons.add(tx, [replace(anyone, ref="v1.cc"), mine]))
    assert await store.read(lambda tx: buttons.find(tx, "v1.cc")) is None


async def test_a_one_shot_button_is_spent_once(store: Store) -> None:
    mine, anyone = await _offered(store)
    assert await store.write(lambda tx: buttons.use(tx, mine.ref, NOW))
    assert not await store.write(lambda tx: buttons.use(tx, mine.ref, NOW))
    assert not await store.write(lambda tx: buttons.use(tx, "v1.cc", NOW))
    assert await store.read(lambda tx: buttons.find(tx, mine.ref)) == replace(mine, used=True)
    assert await store.read(lambda tx: buttons.find(tx, anyone.ref)) == anyone


async def test_expired_buttons_are_dropped(store: Store) -> None:
    mine, anyone = await _offered(store)
    assert await store.write(lambda tx: buttons.purge(tx, LATER)) == 0
    assert await store.write(lambda tx: buttons.purge(tx, LATER + timedelta(microseconds=1))) == 1
    assert await store.read(lambda tx: buttons.find(tx, mine.ref)) is None
    assert await store.read(lambda tx: buttons.find(tx, anyone.ref)) == anyone

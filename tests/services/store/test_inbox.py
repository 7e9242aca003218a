from datetime import timedelta

from services.store import inbox
from services.store.inbox import Receipt, Received
from services.tx import Store
from tests.services.store.samples import LATER, NOW

FIRST = Receipt("telegram", 7, 900_000_000_001)
SECOND = Receipt("telegram", 7, 900_000_000_002)


async def test_an_update_is_kept_once(store: Store) -> None:
    assert await store.write(lambda tx: inbox.receive(tx, FIRST, 5, '{"text": "/price btc"}', NOW))
    assert not await store.write(lambda tx: inbox.receive(tx, FIRST, 5, "another body", LATER))
    assert await store.write(lambda tx: inbox.receive(tx, Receipt("telegram", 8, FIRST.update_id), 5, "b", NOW))
    assert await store.write(lambda tx: inbox.receive(tx, Receipt("discord", 7, FIRST.update_id), None, "c", NOW))
    found = await store.read(lambda tx: inbox.unanswered(tx, "telegram", 7))
    assert found == [Received(FIRST, '{"text": "/price btc"}', NOW)]


async def test_updates_are_done_once_and_in_order(store: Store) -> None:
    for receipt in (SECOND, FIRST):
        await store.write(lambda tx, receipt=receipt: inbox.receive(tx, receipt, 5, "body", NOW))  # type: ignore[misc]  # no inference
    waiting = await store.read(lambda tx: inbox.unanswered(tx, "telegram", 7))
    assert [each.receipt for each in waiting] == [FIRST, SECOND]
    assert await store.write(lambda tx: inbox.finish(tx, FIRST))
    assert not await store.write(lambda tx: inbox.finish(tx, FIRST))
    assert not await store.write(lambda tx: inbox.finish(tx, Receipt("telegram", 7, 404)))
    assert not await store.write(lambda tx: inbox.receive(tx, FIRST, 5, "body", LATER))
    waiting = await store.read(lambda tx: inbox.unanswered(tx, "telegram", 7))
    assert [each.receipt for each in waiting] == [SECOND]


async def test_only_what_is_done_and_old_is_dropped(store: Store) -> None:
    for receipt, at in ((FIRST, NOW), (SECOND, NOW), (Receipt("telegram", 7, 3), LATER)):
        await store.write(lambda tx, r=receipt, at=at: inbox.receive(tx, r, 5, "body", at))  # type: ignore[misc]  # no inference
    await store.write(lambda tx: [inbox.finish(tx, each) for each in (FIRST, Receipt("telegram", 7, 3))])
    assert await store.write(lambda tx: inbox.purge(tx, NOW + timedelta(minutes=1))) == 1
    assert await store.write(lambda tx: inbox.receive(tx, FIRST, 5, "body", LATER))
    assert not await store.write(lambda tx: inbox.receive(tx, SECOND, 5, "body", LATER))

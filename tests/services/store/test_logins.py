from services.store import logins
from services.tx import Store, Tx
from tests.services.store.samples import LATER, NOW


async def test_log_ins_are_counted_by_bot_and_dropped_by_age(store: Store) -> None:
    def work(tx: Tx) -> None:
        for bot, at in ((1, NOW), (1, LATER), (2, LATER)):
            logins.add(tx, "discord", bot, at)

    await store.write(work)
    assert await store.read(lambda tx: logins.count(tx, "discord", 1, NOW)) == 2
    assert await store.read(lambda tx: logins.count(tx, "discord", 1, LATER)) == 1
    assert await store.read(lambda tx: logins.count(tx, "telegram", 1, NOW)) == 0
    assert await store.write(lambda tx: logins.purge(tx, LATER)) == 1
    assert await store.read(lambda tx: logins.count(tx, "discord", 1, NOW)) == 1

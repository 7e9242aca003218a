"""Nothing of a person stays: canaries in every column that the schema has, looked for in every byte of the folder."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, bindparam, func, insert, literal_column, select
from sqlalchemy.sql import Executable

from services.store import alerts, buttons, events, inbox, outbox, people
from services.store.buttons import ButtonRow
from services.store.forget import forget
from services.store.inbox import Receipt
from services.store.outbox import Owed
from services.store.schema import metadata
from services.tx import Store, Tx, Value
from tests.services.store.samples import GROUP, LATER, NOW, firing, private, someone, stored_alert, wish

NOBODYS = {"coin", "quote", "candle", "login", "note"}
"""Tables that hold nothing of a person. Every other table is somebody's; a new one is looked at until it is here."""

ANN = 6_123_456_789_012
BEA = 6_999_999_999_999


@dataclass(slots=True)
class Canaries:
    """Rows of one person, each text and each large number in them unique."""

    name: str
    numbers: Iterator[int]
    texts: list[str] = field(default_factory=list)
    integers: list[int] = field(default_factory=list)
    keys: dict[str, Value] = field(default_factory=dict)  # the first row of each table, by its id
    small: Iterator[int] = field(default_factory=lambda: count(1))
    account: dict[str, Value] = field(init=False)

    def __post_init__(self) -> None:
        self.account = {"platform": self._text("platform"), "user_id": self._number()}

    def plant(self, tx: Tx, table: Table) -> None:
        """Add a row to `table` that is tied to the person in every way it can be."""
        ties = {column.name: self.keys[target] for column, target in _targets(table)}
        row = self._add(tx, table, ties)
        self.keys[table.name] = row.get("id")

    def plant_by(self, tx: Tx, table: Table, tie: str, others: dict[str, Value]) -> None:
        """Add a row to `table` that is tied to the person by one column alone."""
        ties = {column.name: None if column.nullable else others[target] for column, target in _targets(table)}
        self._add(tx, table, {**ties, tie: self.keys[dict(_named(table))[tie]]})

    def _add(self, tx: Tx, table: Table, ties: dict[str, Value]) -> dict[str, Value]:
        # An update is tied to an account by the numbers of its platform.
        ties |= {name: self.account[name] for name in ("platform", "user_id") if table.name in ("account", "inbox")}
        filled = {column.name: self._value(column) for column in table.columns if column.name not in ties}
        row = {**filled, **ties}
        tx.run(insert(table).values({name: bindparam(name) for name in row}), row)
        return row

    def _value(self, column: Column[object]) -> Value:
        match column.type:
            case Text():
                return self._text(str(column))
            case BigInteger():
                return self._number()
            case Integer() if column.name == "id":
                return self._number()
            case Integer():
                return next(self.small)
            case Double():
                return float(self._number())
            case other:
                raise AssertionError(f"what of a person fits into {other!r}?")

    def _text(self, about: str) -> str:
        self.texts.append(f"canary-{self.name}-{about}-{len(self.texts)}.")
        return self.texts[-1]

    def _number(self) -> int:
        self.integers.append(next(self.numbers))
        return self.integers[-1]


def _targets(table: Table) -> list[tuple[Column[object], str]]:
    return [(column, key.column.table.name) for column in table.columns for key in column.foreign_keys]


def _named(table: Table) -> list[tuple[str, str]]:
    return [(column.name, target) for column, target in _targets(table)]


async def planted(store: Store, tables: list[Table]) -> tuple[Canaries, Canaries]:
    """Canaries of Ann and of Bea in every table, and rows that are tied to Ann in one way only."""
    ann, bea = Canaries("ann", count(ANN)), Canaries("bea", count(BEA))

    def work(tx: Tx) -> None:
        for each in (ann, bea):
            for table in tables:
                each.plant(tx, table)
        for table in tables:
            ties = [column.name for column, _ in _targets(table) if not column.unique]
            for tie in ties * (len(ties) > 1):  # a single one was there before
                ann.plant_by(tx, table, tie, bea.keys)

    await store.write(work)
    return ann, bea


async def rows_in(store: Store) -> Counter[str]:
    def work(tx: Tx) -> Counter[str]:
        counts: Counter[str] = Counter()
        for table in metadata.sorted_tables:
            statement: Executable = select(func.count(literal_column("1"))).select_from(table)
            [[rows]] = tx.rows(statement)
            assert isinstance(rows, int)
            counts[table.name] = rows
        return counts

    return await store.read(work)


def found_in(folder: Path, texts: list[str], integers: list[int]) -> set[str]:
    """The canaries that are somewhere in the bytes of a folder's files; SQLite writes integers big end first."""
    bytes_of = {text: text.encode() for text in texts}
    bytes_of |= {str(number): number.to_bytes(6 if number < 1 << 47 else 8, "big") for number in integers}
    everything = bytes_in(folder)
    return {name for name, needle in bytes_of.items() if needle in everything}


def bytes_in(folder: Path) -> bytes:
    """Database, log, index of the log and lock; snapshots are kept for their own time."""
    return b"\n".join(each.read_bytes() for each in folder.iterdir() if each.is_file())


async def test_a_person_is_gone_from_every_table_and_nobody_else_is(store: Store) -> None:
    ann, _ = await planted(store, metadata.sorted_tables)
    before = await rows_in(store)
    assert min(before.values()) == 2
    assert before["delivery"] == 5
    await store.write(lambda tx: forget(tx, int(str(ann.keys["person"]))))
    assert await rows_in(store) == {name: 2 if name in NOBODYS else 1 for name in before}


async def test_no_byte_of_a_person_stays(file_store: Store, data_dir: Path) -> None:
    ann, bea = await planted(file_store, [table for table in metadata.sorted_tables if table.name not in NOBODYS])
    assert len(ann.texts) > 40
    assert len(ann.integers) > 60
    assert found_in(data_dir, ann.texts, ann.integers) == {*ann.texts, *map(str, ann.integers)}
    await file_store.write(lambda tx: forget(tx, int(str(ann.keys["person"]))))
    await file_store.shred()
    assert found_in(data_dir, ann.texts, ann.integers) == set()
    assert found_in(data_dir, bea.texts, bea.integers) == {*bea.texts, *map(str, bea.integers)}
    await file_store.close()
    assert found_in(data_dir, ann.texts, ann.integers) == set()


async def _live(store: Store, user_id: int, name: str, alerts_each: int) -> int:
    """A person's life as the bot writes it: alerts, firings, messages, commands, buttons, edits and deletions."""

    def work(tx: Tx) -> int:
        person = someone(tx, user_id)
        people.prefer(tx, person, "zone", f"canary-{name}-zone")
        chat = people.chat_of(tx, private(user_id), person)
        destination = people.destination_of_person(tx, person)
        for number in range(alerts_each):
            new = wish(person)
            new = replace(new, wish=replace(new.wish, note=f"canary-{name}-note-{number} " + "x" * 40))
            made = alerts.add(tx, new, destination, NOW)
            event = events.add(tx, firing(made, code=f"{name}{number}"))
            key = f"event {event} to {destination} part 0"
            outbox.add(tx, Owed(key, "alert", chat, event=event, destination=destination), NOW)
            card = f"canary-{name}-card-{number} " + "y" * 300
            owed = outbox.add(tx, Owed(f"{name} {number}", "reply", chat, answers="5", card=card), NOW, sending=True)
            assert owed is not None
            outbox.settle(tx, owed, outbox.Settlement("sent"), LATER)
            inbox.receive(tx, Receipt("telegram", 7, user_id + number), user_id, f"canary-{name}-body-{number}", NOW)
            line = f"canary-{name}-line-{number}"
            buttons.add(tx, [ButtonRow(f"{name}{number}", line, person, chat, changes=True, expires_at=LATER)])
        return person

    return await store.write(work)


@pytest.mark.parametrize("folded", [False, True])
async def test_no_byte_of_a_busy_life_stays(file_store: Store, data_dir: Path, *, folded: bool) -> None:
    people_made = {}
    for part in range(3):  # their rows lie side by side in the same pages
        for name, user_id in (("ann", ANN), ("bea", BEA)):
            people_made[name] = await _live(file_store, user_id, f"{name}{part}", 60)
    for _ in range(int(folded)):
        await file_store.shred()
    stored = bytes_in(data_dir)
    assert stored.count(b"canary-ann") > 300
    assert stored.count(ANN.to_bytes(6, "big")) > 1
    await file_store.write(lambda tx: forget(tx, people_made["ann"]))
    await file_store.shred()
    stored = bytes_in(data_dir)
    assert stored.count(b"canary-ann") == 0
    assert stored.count(ANN.to_bytes(6, "big")) == 0
    assert stored.count(b"canary-bea") > 300


async def test_a_group_keeps_its_alerts_and_loses_what_answers_the_person(store: Store) -> None:
    receipt, others = Receipt("telegram", 7, 1), Receipt("telegram", 7, 2)

    def work(tx: Tx) -> tuple[int, int]:
        person, group = someone(tx, ANN), people.chat_of(tx, GROUP, None)
        alerts.add(tx, wish(None, group), people.destination_of_chat(tx, group), NOW)
        for each, user in ((receipt, ANN), (others, BEA)):
            inbox.receive(tx, each, user, "hello", NOW)
            key = f"reply to {each.platform} {each.bot_id} {each.update_id}"
            outbox.add(tx, Owed(key, "reply", group, card="hello"), NOW)
        buttons.add(tx, [ButtonRow("v1.mine", "/alerts", person, group, changes=True, expires_at=LATER)])
        buttons.add(tx, [ButtonRow("v1.free", "/price", None, group, changes=False, expires_at=LATER)])
        return person, group

    person, group = await store.write(work)
    await store.write(lambda tx: forget(tx, person))
    assert len(await store.read(lambda tx: alerts.of_owner(tx, person=None, chat=group))) == 1
    assert [each.key for each in await store.read(outbox.unsettled)] == ["reply to telegram 7 2"]
    assert await store.read(lambda tx: buttons.find(tx, "v1.mine")) is None
    assert await store.read(lambda tx: buttons.find(tx, "v1.free")) is not None
    assert [each.receipt for each in await store.read(lambda tx: inbox.unanswered(tx, "telegram", 7))] == [others]


async def test_who_comes_back_is_somebody_new(store: Store) -> None:
    person = await store.write(lambda tx: someone(tx, ANN))
    await store.write(lambda tx: stored_alert(tx, person))
    await store.write(lambda tx: forget(tx, person))
    await store.write(lambda tx: forget(tx, person))
    back = await store.write(lambda tx: people.person_of(tx, "telegram", ANN, NOW + timedelta(days=1)))
    assert await store.read(lambda tx: people.known_since(tx, back[0])) == NOW + timedelta(days=1)
    assert await store.read(lambda tx: alerts.of_owner(tx, person=back[0], chat=None)) == []
    await store.shred()

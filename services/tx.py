"""A transaction as services and handlers see it: statements in, rows out, and what to do once it is safe on disk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.sql import Executable

T = TypeVar("T")

Value = int | str | bytes | float | None
"""What the store holds: times are integer microseconds since the epoch, money is text, absent is None."""

Row = Sequence[Value]
Values = Mapping[str, Value]


class Tx(Protocol):
    """One open transaction. Its methods block: they run on the store's own thread."""

    def rows(self, statement: Executable, values: Values | None = None) -> list[Row]:
        """Run `statement` and return its rows."""
        ...

    def run(self, statement: Executable, values: Values | None = None) -> int:
        """Run `statement` and return how many rows it changed."""
        ...

    def many(self, statement: Executable, values: Sequence[Values]) -> None:
        """Run `statement` once for each of `values`."""
        ...

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` on the event loop once the transaction is on disk; never if it is rolled back."""
        ...

    def after_rollback(self, action: Callable[[], None]) -> None:
        """Call `action` on the event loop if nothing of the transaction was written."""
        ...


class Store(Protocol):
    """Where everything durable lives. SQLite by default, PostgreSQL when one machine is not enough."""

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction that is on disk when this returns; a cancelled caller cancels nothing."""
        ...

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work`, which only reads."""
        ...

    async def shred(self) -> None:
        """See to it that no deleted byte stays in any file of the store."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close."""
        ...

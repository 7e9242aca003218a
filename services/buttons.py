"""Buttons: unguessable references on the wire, command lines in the store, checked at every press."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.clock import Clock
from services.domain.language import say
from services.domain.people import Caller
from services.errors import NotAllowed, NotFound
from services.store import buttons as rows
from services.store.buttons import ButtonRow
from services.tx import Store, Tx

LIFE = timedelta(days=30)
_SHAPE_BYTES = 10  # 80 random bits
PREFIX = "v1."
_MOST_KEPT = 1000

Lines = Sequence[Sequence[tuple[str, str]]]
"""Rows of (label, line)."""
Offered = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of (label, reference)."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """Gives references out and takes presses in. `changes` says of a line whether it may change something."""

    store: Store
    clock: Clock
    changes: Callable[[str], bool]
    _kept: dict[tuple[int | None, int, tuple[tuple[str, str], ...]], Offered] = field(default_factory=dict)

    async def offer(self, lines: Lines, owner: int | None, chat: int) -> Offered:
        """Return references for these buttons; they are on disk when this returns."""
        kept = self._kept.pop((owner, chat, _flat(lines)), None)
        if kept is not None:
            return kept
        made, offered = self._made(lines, owner, chat)
        if made:
            await self.store.write(lambda tx: rows.add(tx, made))
        return offered

    def keep(self, tx: Tx, lines: Lines, owner: int | None, chat: int) -> None:
        """Make references inside the caller's transaction for the next `offer` of the same buttons."""
        made, offered = self._made(lines, owner, chat)
        rows.add(tx, made)
        tx.after_commit(lambda: self._keep((owner, chat, _flat(lines)), offered))

    def _keep(self, key: tuple[int | None, int, tuple[tuple[str, str], ...]], offered: Offered) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = offered

    def _made(self, lines: Lines, owner: int | None, chat: int) -> tuple[list[ButtonRow], Offered]:
        expires_at = self.clock.now() + LIFE
        made: list[ButtonRow] = []
        offered: list[tuple[tuple[str, str], ...]] = []
        for each in lines:
            row = [ButtonRow(_reference(), line, owner, chat, self.changes(line), expires_at) for _, line in each]
            made += row
            offered.append(tuple((label, button.ref) for (label, _), button in zip(each, row, strict=True)))
        return made, tuple(offered)

    async def pressed(self, ref: str, caller: Caller) -> str:
        """Return the line behind a reference; raise `NotFound` or `NotAllowed` with nothing done."""
        found = await self.store.read(lambda tx: rows.find(tx, ref)) if ref.startswith(PREFIX) else None
        if found is None or found.chat != caller.chat or found.expires_at < self.clock.now():
            raise NotFound(say("This button is no longer valid. Type the command again."))
        if found.changes and found.person is not None and found.person != caller.person:
            raise NotAllowed(say("This button belongs to somebody else. Type the command yourself."))
        return found.line

    async def purge(self) -> None:
        """Drop references that have expired."""
        await self.store.write(lambda tx: rows.purge(tx, self.clock.now()))


def _flat(lines: Lines) -> tuple[tuple[str, str], ...]:
    return tuple(each for row in lines for each in row)


def _reference() -> str:
    return PREFIX + secrets.token_hex(_SHAPE_BYTES)

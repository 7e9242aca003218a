"""Buttons: unguessable references on the wire, command lines in the store, checked at every press."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.clock import Clock
from services.domain.language import say
from services.domain.people import Caller
from services.errors import NotAllowed, NotFound
from services.store import buttons as rows
from services.store.buttons import ButtonRow
from services.tx import Store

LIFE = timedelta(days=30)
_SHAPE_BYTES = 10  # 80 random bits
PREFIX = "v1."


@dataclass(frozen=True, slots=True)
class Buttons:
    """Gives references out and takes presses in. `changes` says of a line whether it may change something."""

    store: Store
    clock: Clock
    changes: Callable[[str], bool]

    async def offer(
        self, rows_of_buttons: Sequence[Sequence[tuple[str, str]]], owner: int | None, chat: int
    ) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return rows of (label, reference) for rows of (label, line); references are on disk when this returns."""
        expires_at = self.clock.now() + LIFE
        made: list[ButtonRow] = []
        offered: list[tuple[tuple[str, str], ...]] = []
        for each in rows_of_buttons:
            row = [ButtonRow(_reference(), line, owner, chat, self.changes(line), expires_at) for _, line in each]
            made += row
            offered.append(tuple((label, button.ref) for (label, _), button in zip(each, row, strict=True)))
        if made:
            await self.store.write(lambda tx: rows.add(tx, made))
        return tuple(offered)

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


def _reference() -> str:
    return PREFIX + secrets.token_hex(_SHAPE_BYTES)

"""What is shown on the terminal, and which numbers press which button."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TextIO

from bot.render import text
from handlers.model import Button, Reply

_MOST_CHOICES: Final = 99


@dataclass(slots=True)
class Screen:
    """The terminal or file behind `out`. `drawing`: with frames and colours, above a line that may be half typed."""

    out: TextIO
    drawing: bool
    width: int = text.WIDTH  # in cells, where there is no terminal to ask
    _choices: list[Button] = field(default_factory=list)

    async def answer(self, reply: Reply[object], note: str | None = None) -> None:
        """Show an answer; from now on the numbers press its buttons."""
        self._choices.clear()
        await self.deliver(reply, () if note is None else (note,))

    async def deliver(self, reply: Reply[object], above: tuple[str, ...] = ()) -> None:
        """Show what nobody asked for just now. Its buttons get numbers of their own: one about to be typed stays."""
        first = len(self._choices) + 1
        offered = [button for row in reply.buttons for button in row]
        fits = len(self._choices) + len(offered) <= _MOST_CHOICES
        self._choices += offered if fits else []
        await self.write(self._drawn(reply, above, first if fits else None))

    def pressed(self, words: str) -> Button | None:
        """Return the button that a typed number presses, or None where the words are not the number of one."""
        if not (words.isascii() and words.isdigit() and len(words) <= len(str(_MOST_CHOICES))):
            return None
        number = int(words)
        return self._choices[number - 1] if 1 <= number <= len(self._choices) else None

    async def say(self, sentence: str) -> None:
        """Show a sentence of the terminal itself; it is not broken, so that a path in it can be copied."""
        await self.write(f"{sentence}\n")

    async def write(self, words: str) -> None:
        """Have written `words` when this returns; raise OSError or ValueError where the terminal is gone."""
        if self.drawing:
            from prompt_toolkit.application import run_in_terminal

            await run_in_terminal(lambda: _flushed(self.out, words))
        else:
            _flushed(self.out, words)

    def _drawn(self, reply: Reply[object], above: tuple[str, ...], first: int | None) -> str:
        columns = self._columns()
        head = "".join(f"{line}\n" for line in text.each_wrapped(above, columns))
        rows = () if first is None else reply.buttons
        if self.drawing:
            from bot.platforms.console import panel

            return head + panel.panel(reply.card, columns) + panel.choices(rows, columns, first or 1)
        lines = (*text.card_lines(reply.card, columns), *text.choices(rows, columns, first or 1), "")
        return head + "".join(f"{line}\n" for line in lines)

    def _columns(self) -> int:
        if not self.drawing:
            return self.width
        return _or(lambda: os.get_terminal_size(self.out.fileno()).columns, self.width)


def _or(ask: Callable[[], int], otherwise: int) -> int:
    try:
        return ask() or otherwise
    except OSError:
        return otherwise


def _flushed(out: TextIO, words: str) -> None:
    out.write(words)
    out.flush()

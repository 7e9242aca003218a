"""A session at the terminal: a line in, an answer out, alerts as they come."""

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final, TextIO

from bot.conversation import Conversation
from bot.platforms.console.editing import typed_lines
from bot.platforms.console.lines import lines_of
from bot.platforms.console.pictures import saved
from bot.platforms.console.place import answer
from bot.platforms.console.screen import Screen
from bot.platforms.console.sender import ConsoleSender
from bot.render.charts import Charts
from bot.render.text import WIDTH
from handlers.dispatch import Applied
from services.domain.language import say

_ENDS: Final = frozenset(("quit", "exit", "/quit", "/exit"))
_HISTORY: Final = "console_history"
_CHARTS: Final = "charts"
_PATIENCE_SECONDS: Final = 3.0


class Console:
    """The chat with the person at the terminal. Charts and the history of lines are kept in `folder`."""

    def __init__(
        self, conversation: Conversation, charts: Charts, folder: Path, *,
        width: int = WIDTH, source: TextIO | None = None, out: TextIO | None = None,
    ) -> None:  # fmt: skip
        """`source` and `out` are standard input and output unless given; `width` holds where they are no terminal."""
        self._conversation = conversation
        self._charts = charts
        self._folder = folder
        self._source = sys.stdin if source is None else source
        out = sys.stdout if out is None else out
        self._screen = Screen(out, self._source.isatty() and out.isatty(), width)
        self.sender = ConsoleSender(self._screen)

    async def run(self) -> None:
        """Answer until the person ends it or the input does."""
        self._conversation.erasers.append(self._erase)
        if self._screen.drawing:
            await self._screen.say(say("Flowbell. Type btc, btc 100k or /help; Ctrl-D ends."))
            lines = typed_lines(self._conversation, self._folder / _HISTORY)
        else:
            lines = lines_of(self._source.fileno())
        await self.hear(lines)

    def _erase(self) -> None:
        """Delete the history of lines and the charts: a forgotten person leaves no file."""
        (self._folder / _HISTORY).unlink(missing_ok=True)
        shutil.rmtree(self._folder / _CHARTS, ignore_errors=True)

    async def hear(self, lines: AsyncGenerator[str, None]) -> None:
        """Answer each of the lines."""
        async with aclosing(lines):
            async for line in lines:
                words = line.strip()
                if words.lower() in _ENDS:
                    return
                if words:
                    await self._answer(words)

    async def _answer(self, words: str) -> None:
        button = self._screen.pressed(words)
        reply = await self._patiently(words if button is None else button.line)
        if reply is None:
            return
        await self._screen.answer(reply)
        if reply.chart is not None:
            await self._screen.say(await saved(self._charts, reply.chart, self._folder / _CHARTS))

    async def _patiently(self, line: str) -> Applied:
        """Return the answer; one that takes long is announced."""
        answering = asyncio.create_task(answer(self._conversation, line), name="console: answer")
        try:
            await asyncio.wait({answering}, timeout=_PATIENCE_SECONDS)
            if not answering.done():
                await self._screen.say(say("Working on it…"))
            return await answering
        finally:
            answering.cancel()

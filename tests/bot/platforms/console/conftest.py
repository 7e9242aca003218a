"""The bot behind the terminal, on a simulated market whose clock stands still."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from bot.app import App, opened
from bot.platforms.console import PACE, Console
from bot.settings import Settings
from bot.settings.model import MarketSettings
from services.clock import FixedClock

NOW = datetime(2026, 11, 22, 14, 3, 22, tzinfo=UTC)
Session = Callable[[str], Awaitable[str]]


@pytest.fixture
async def app() -> AsyncGenerator[App, None]:
    settings = Settings(market=MarketSettings(sources=("simulated",)))
    async with opened(settings, FixedClock(NOW), in_memory=True) as made:
        await made.services.coins.refresh()
        yield made


@pytest.fixture
def session(app: App, tmp_path: Path) -> Session:
    """A whole session: what is piped in, and what is printed until it ends."""

    async def run(typed: str) -> str:
        reader, writer = os.pipe()
        os.write(writer, typed.encode())
        os.close(writer)
        out = StringIO()
        with os.fdopen(reader) as source:
            console = Console(app.conversation, app.charts, tmp_path, source=source, out=out)
            app.outbox.register("console", 0, console.sender, PACE)
            await console.run()
        return out.getvalue()

    return run

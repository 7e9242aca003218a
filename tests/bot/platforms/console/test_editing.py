"""Lines typed at a terminal, key by key."""

import asyncio
from collections.abc import Generator
from contextlib import aclosing
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from bot.app import App
from bot.platforms.console.editing import typed_lines

ENTER, CTRL_C, CTRL_D, UP = "\r", "\x03", "\x04", "\x1b[A"


@pytest.fixture
def keys() -> Generator[PipeInput, None, None]:
    with create_pipe_input() as made, create_app_session(input=made, output=DummyOutput()):
        yield made


async def typed(app: App, history: Path) -> list[str]:
    async with asyncio.timeout(20), aclosing(typed_lines(app.conversation, history)) as lines:
        return [line async for line in lines]


async def test_lines_until_the_end(app: App, keys: PipeInput, tmp_path: Path) -> None:
    keys.send_text(f"btc{ENTER}half{CTRL_C}/top 5{ENTER}{CTRL_D}")
    assert await typed(app, tmp_path / "history") == ["btc", "/top 5"]


async def test_history_is_kept_for_its_owner_alone(app: App, keys: PipeInput, tmp_path: Path) -> None:
    history = tmp_path / "folder" / "history"
    keys.send_text(f"/price btc{ENTER}{CTRL_D}")
    await typed(app, history)
    assert history.stat().st_mode & 0o777 == 0o600
    keys.send_text(f"{UP}{ENTER}{CTRL_D}")
    assert await typed(app, history) == ["/price btc"]

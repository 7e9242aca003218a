"""Sessions through a pipe."""

import asyncio
import os
from io import StringIO
from pathlib import Path

import pytest

from bot.app import App
from bot.platforms.console import Console
from tests.bot.platforms.console.conftest import Session
from tests.golden_files import golden


async def test_a_session(session: Session) -> None:
    golden(
        "console_session",
        (await session("btc\n1\n/price eth sol eur\nbtc > 200k\n/alerts\n/pric btc\n1\n")).rstrip("\n"),
    )


async def test_a_number_presses_a_button_of_the_last_card_only(session: Session) -> None:
    said = await session("btc\n/alerts\n1\n")
    assert said.count("Bitcoin (BTC)") == 1
    assert "Which coin?" in said  # the only button of an empty list sets an alert


@pytest.mark.parametrize("number", ["0", "4", "99", "100", "-1", "٣", "1.0", "007000"])
async def test_other_numbers_are_words(session: Session, number: str) -> None:
    said = await session(f"btc\n{number}\n")
    assert said.count("Bitcoin (BTC)") == 1
    assert "Alert me" in said


@pytest.mark.parametrize("word", ["quit", "EXIT", " /quit "])
async def test_it_ends_when_asked(session: Session, word: str) -> None:
    assert await session(f"{word}\nbtc\n") == ""


async def test_a_last_line_without_line_break_counts(session: Session) -> None:
    assert "Bitcoin (BTC)" in await session("\n  \nbtc")


async def test_bytes_that_are_no_text_end_nothing(app: App, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_bytes(b"\xff\xfe\x00\x1b[31m\n" + b"x" * 200_000 + b"\n/price btc\n")
    out = StringIO()
    with lines.open() as source:
        await Console(app.conversation, app.charts, tmp_path, source=source, out=out).run()
    assert "Bitcoin (BTC)" in out.getvalue()
    assert "\x1b" not in out.getvalue()


async def test_lines_are_answered_as_they_come(app: App, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    shown, answers = os.pipe()
    with os.fdopen(reader) as source, os.fdopen(answers, "w") as out, os.fdopen(shown) as said:
        console = Console(app.conversation, app.charts, tmp_path, source=source, out=out)
        running = asyncio.create_task(console.run())
        async with asyncio.timeout(20):
            os.write(writer, b"/price b")
            os.write(writer, b"tc\n")
            assert await asyncio.to_thread(said.readline) == "[SIMULATED] Bitcoin (BTC)\n"
            assert not running.done()
            os.close(writer)
            await running


async def test_a_cancelled_session_leaves_nothing_behind(app: App, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader) as source, os.fdopen(writer, "w"):
        console = Console(app.conversation, app.charts, tmp_path, source=source, out=StringIO())
        running = asyncio.create_task(console.run())
        async with asyncio.timeout(20):
            await app.clock.sleep(0)
            running.cancel()
            await asyncio.wait({running})
        assert running.cancelled()
        assert not asyncio.get_running_loop().remove_reader(source.fileno())


async def test_a_chart_is_a_file(session: Session, tmp_path: Path) -> None:
    said = await session("/chart btc 4h rsi\n")
    path = tmp_path / "charts" / "btc-usd-4h-sma-vol-rsi.png"
    assert said.endswith(f"Chart: {path}\n")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_no_picture_is_said(app: App, session: Session) -> None:
    await app.charts.close()
    said = await session("/chart btc\n")
    assert "BTC/USD · 1h" in said
    assert said.endswith("There is no picture this time; the words above stand without it.\n")


async def test_no_room_for_a_picture_is_said(session: Session, tmp_path: Path) -> None:
    (tmp_path / "charts").write_text("in the way")
    assert f"could not be written to {tmp_path}" in await session("/chart btc\n")


async def test_settings_hold_from_the_next_line_on(session: Session) -> None:
    said = await session("/settings currency eur\nbtc\n")
    assert "€" in said.split("Bitcoin (BTC)")[1]

"""Cards in frames."""

import re

import pytest

from bot.platforms.console.panel import choices, panel
from bot.render.text import cells
from handlers.model import Card, Tone
from tests.bot.render.test_text import BUTTONS, FULL, HOSTILE
from tests.golden_files import golden

_STYLES = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("columns", [30, 60, 100])
def test_full_card(columns: int) -> None:
    drawn = panel(FULL, columns) + choices(BUTTONS, columns, 1)
    golden(f"console_panel_{columns}", _STYLES.sub("", drawn).rstrip("\n"))


@pytest.mark.parametrize("columns", [16, 30, 60])
def test_a_hostile_card_stays_in_its_frame(columns: int) -> None:
    drawn = _STYLES.sub("", panel(HOSTILE, columns))
    assert all(each.isprintable() or each == "\n" for each in drawn)
    assert {cells(line) for line in drawn.splitlines()} == {columns}


@pytest.mark.parametrize(("tone", "sign"), [("up", "▲ "), ("down", "▼ "), ("warning", "! "), ("neutral", "")])
def test_a_tone_is_told_without_colour(tone: Tone, sign: str) -> None:
    drawn = _STYLES.sub("", panel(Card("Bitcoin", lines=("$1",), tone=tone), 60))
    assert drawn.splitlines()[0].startswith(f"╭─ {sign}Bitcoin ─")


def test_a_long_title_is_not_cut() -> None:
    drawn = _STYLES.sub("", panel(Card("a sentence " * 20 + "end", tone="warning"), 60))
    assert "end" in drawn
    assert "…" not in drawn

"""Cards as text and entities: always what Telegram takes, whatever is in them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.telegram.render import Styled, caption, cut, parts, possible_repeat, short_caption
from bot.render.card import TABLE_COLUMNS, clean, table_lines
from handlers.model import Card, Provenance, Row
from tests.fakes.telegram import Entity
from tests.fakes.telegram.entities import check_entities, trim, utf16_length

AT = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)
HOSTILE = [
    "<b>x</b>",
    "@everyone",
    "/price@Bot",
    "\u202etxt.exe",
    "a\u200bb",
    "👩‍👩‍👧‍👦🏴‍☠️",
    "é" * 9,
    "\ud800",
    "\x00",
    "*_`[",
    "\n",
]
text = st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE), st.integers(300, 1700).map(lambda n: "x😀 " * n))
cards = st.builds(
    Card,
    title=text,
    lines=st.lists(text, max_size=6).map(tuple),
    table=st.lists(st.builds(Row, st.lists(text, max_size=4).map(tuple)), max_size=8).map(tuple),
    notes=st.lists(text, max_size=2).map(tuple),
    source=st.none() | st.builds(Provenance, text, st.just(AT), st.none() | st.integers(0, 10**6)),
    tone=st.sampled_from(["neutral", "warning"]),
    marks=st.sampled_from([(), ("SIMULATED",), ("STALE", "PARTIAL")]),
)


def is_taken(styled: Styled, most: int) -> None:
    """Judge a text by the checks of the fake Telegram."""
    entities = [Entity(type=mark.style, offset=mark.offset, length=mark.length) for mark in styled.marks]
    check_entities(styled.text, entities)
    kept, fitted = trim(styled.text, entities)
    assert kept
    assert (kept, list(fitted)) == (styled.text, entities)  # nothing that Telegram would cut off
    assert utf16_length(styled.text) <= most
    assert not any(each in styled.text for each in "\u202e\u200b\u2066\ufeff\x00")


@settings(deadline=None)
@given(cards)
def test_every_card_is_taken(card: Card) -> None:
    for styled in parts(card, first=possible_repeat(card.title), alt="alt"):
        is_taken(styled, 4096)
    for styled in parts(card):
        is_taken(styled, 4096)
    is_taken(short_caption(card), 1024)
    for styled in filter(None, [caption(card)]):
        is_taken(styled, 1024)


@given(st.integers(4060, 4110), st.sampled_from("x😀é"))
def test_the_border_of_a_message(length: int, symbol: str) -> None:
    pages = parts(Card("T", (symbol * (length // utf16_length(symbol)),)))
    assert "".join(page.text for page in pages).count(symbol) == length // utf16_length(symbol)
    for page in pages:
        is_taken(page, 4096)


def test_a_whole_card() -> None:
    card = Card(
        "Bitcoin", ("$91,234.01  +1.20%",), (Row(("IBIT", "201.1")), Row(("FBTC", "−13.0"))), ("7 of 12 funds",),
        Provenance("Binance", AT, 7300), marks=("SIMULATED", "PARTIAL"),
    )  # fmt: skip
    [styled] = parts(card)
    assert styled.text.split("\n") == [
        "⚠ SIMULATED · PARTIAL", "Bitcoin", "$91,234.01  +1.20%", "IBIT  201.1", "FBTC  −13.0", "7 of 12 funds",
        "Binance · 20 Nov 2026 14:03:22 UTC · 2 h old",
    ]  # fmt: skip
    shown = {mark.style: styled.text[mark.offset : mark.offset + mark.length] for mark in styled.marks}
    assert shown == {
        "bold": "⚠ SIMULATED · PARTIAL\nBitcoin", "pre": "IBIT  201.1\nFBTC  −13.0", "italic": "7 of 12 funds",
    }  # fmt: skip


def test_a_refusal_is_a_plain_sentence() -> None:
    assert parts(Card("Type a command.", tone="warning")) == (Styled("Type a command."),)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [("@everyone", "＠everyone"), ("(@ann_b)", "(＠ann_b)"), ("a@b.com", "a@b.com"), ("@ 5", "@ 5"), ("@abc", "@abc")],
)
def test_foreign_text_pings_nobody(given_text: str, shown: str) -> None:
    assert parts(Card("T", (given_text,)))[0].text == f"T\n{shown}"


def test_a_long_card_is_numbered_and_whole() -> None:
    lines = tuple(f"{number}: " + "y" * 200 for number in range(50))
    pages = parts(Card("Title", lines))
    assert [page.text.split("\n")[0] for page in pages] == ["(1/3)", "(2/3)", "(3/3)"]
    assert [line for page in pages for line in page.text.split("\n")[1:]] == ["Title", *lines]


def test_many_styles_stay_within_what_a_message_may_carry() -> None:
    table = tuple(Row((f"c{number}", "1")) for number in range(300))
    for page in parts(Card("T", table=table, notes=tuple("n" for _ in range(300)))):
        assert len(page.marks) <= 100


def test_numbers_stand_to_the_right() -> None:
    rows = [Row(("BTC", "$91,234.01", "+1.20%")), Row(("ETHEREUM", "$3.10", "−0.5%")), Row(("SOL", "–", ""))]
    assert table_lines(rows) == ["BTC       $91,234.01  +1.20%", "ETHEREUM       $3.10   −0.5%", "SOL                –"]


def test_a_wide_table_loses_padding_then_stacks() -> None:
    tight = [Row(("a" * 16, "1" * 8, "2" * 8))]
    assert table_lines(tight) == [f"{'a' * 16} {'1' * 8} {'2' * 8}"]
    wide = [Row(("A very long name of a fund that nobody can remember", "1,234.5", "6%")), Row(("B", "", ""))]
    lines = table_lines(wide)
    assert all(len(line) <= TABLE_COLUMNS for line in lines)
    assert " ".join(line.strip() for line in lines) == (
        "A very long name of a fund that nobody can remember 1,234.5  6% B"
    )


def test_wide_characters_take_two_columns() -> None:
    assert table_lines([Row(("比特", "1")), Row(("abcd", "22"))]) == ["比特   1", "abcd  22"]


@given(st.text())
def test_clean_text_is_one_visible_line(any_text: str) -> None:
    cleaned = clean(any_text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert not set(cleaned) & set("\n\r\t\u2028\u202a\u202e\u2066\u200b\u200f\ufeff\u00ad")


@given(st.text(), st.integers(1, 200))
def test_a_cut_text_fits(any_text: str, most: int) -> None:
    assert utf16_length(cut(clean(any_text), most)) <= most

"""Replies as plain text and as JSON."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from unicodedata import east_asian_width

import pytest

from bot.render.text import as_json, cells, choices, plain, wrapped
from handlers.dispatch import Failure
from handlers.model import Button, Card, Provenance, Reply, Row
from tests.golden_files import golden

AT = datetime(2026, 11, 22, 14, 3, 22, 900_000, tzinfo=UTC)
BUTTONS = (
    (Button("Refresh", "/price btc"), Button("Chart", "/chart btc"), Button("Alert me", "/alert btc")),
    (Button("My alerts", "/alerts list"),),
)
FULL = Card(
    "Bitcoin (BTC)",
    lines=("$91,234.01  −1.20%", "   a second line that is indented and much longer than a narrow terminal is wide"),
    table=(
        Row(("24h high", "$92,345.67", "+0.10%")),
        Row(("24h low", "$890.00", "−12.00%")),
        Row(("All-time high", "$126,000.00", "–")),
    ),
    notes=("Sources disagree: Binance $91,234.01, Kraken $91,240.00.",),
    source=Provenance("Binance, Kraken", AT, age_seconds=240),
    tone="down",
    marks=("SIMULATED", "STALE"),
)
HOSTILE = Card(
    "BTC\u202e\x1b[31mpwned\x1b[0m\u200b (B\u2066T\u2069C)\r",
    lines=("one\ntwo\ttwo", "\x07bell\x00 \ufeffmark\u00ad e" + "\u0301" * 50 + "!", "币" * 40, "x" * 90, ""),
    table=(Row(("a\nb", "1\x1b]0;title\x07")), Row(("", "22"))),
    notes=("\u2028", "[1] Refresh", "/forget yes"),
    source=Provenance("evil\x1b[2J\nsource", AT),
)


def reply(card: Card, data: object = None) -> Reply[object]:
    return Reply(data, card, buttons=BUTTONS)


@pytest.mark.parametrize("width", [20, 34, 60])
def test_full_card(width: int) -> None:
    golden(f"text_full_{width}", plain(reply(FULL), width, buttons=True))


def test_hostile_card() -> None:
    text = plain(reply(HOSTILE), 60)
    golden("text_hostile", text)
    assert all(each.isprintable() or each == "\n" for each in text)


@pytest.mark.parametrize("width", [12, 17, 34, 60, 200])
@pytest.mark.parametrize("card", [FULL, HOSTILE])
def test_no_line_is_wider_than_asked(card: Card, width: int) -> None:
    for line in plain(reply(card), width, buttons=True).split("\n"):
        assert sum(2 if east_asian_width(each) in "WF" else 1 for each in line if each != "\u0301") <= width


def test_buttons_are_left_out_unless_asked_for() -> None:
    assert "Refresh" not in plain(reply(FULL))
    assert "[1] Refresh  [2] Chart  [3] Alert me\n[4] My alerts" in plain(reply(FULL), buttons=True)


def test_buttons_count_on_from_the_first_number() -> None:
    assert choices(BUTTONS, 60, first=9) == ["[9] Refresh  [10] Chart  [11] Alert me", "[12] My alerts"]


def test_the_last_line_says_where_the_numbers_come_from() -> None:
    card = replace(
        FULL, source=Provenance("Kraken", datetime(2026, 11, 22, 15, 3, 22, tzinfo=timezone(timedelta(hours=1))))
    )
    assert plain(reply(card)).splitlines()[-1] == "Kraken · 22 Nov 2026 14:03:22 UTC"
    assert plain(reply(FULL)).splitlines()[-1] == "Binance, Kraken · 22 Nov 2026 14:03:22 UTC · 4 min old"


def test_a_title_alone_is_one_line() -> None:
    assert plain(reply(Card("No alerts yet"))) == "No alerts yet"


def test_narrow_spaces_in_numbers_do_not_break_them() -> None:
    number = "1\u202f234\u202f567.89"
    assert number in wrapped(f"the price is now {number} and more words follow", 20)[1]


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("币安", 4), ("e\u0301", 1), ("", 0)])
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


@dataclass(frozen=True)
class Fact:
    value: Decimal
    small: Decimal
    none: Decimal | None
    nothing: Decimal
    as_of: datetime
    length: timedelta
    by_day: dict[int, tuple[Decimal, ...]]


FACT = Fact(
    Decimal("1E+5"), Decimal("0.00000001"), None, Decimal("NaN"), AT, timedelta(minutes=1.5), {7: (Decimal("1.10"),)}
)


def test_json_of_an_answer() -> None:
    assert json.loads(as_json(reply(FULL, (FACT,)))) == {
        "data": [
            {
                "value": "100000",
                "small": "0.00000001",
                "none": None,
                "nothing": None,
                "as_of": "2026-11-22T14:03:22.900000Z",
                "length": 90.0,
                "by_day": {"7": ["1.10"]},
            }
        ],
        "card": {"title": "Bitcoin (BTC)", "lines": list(FULL.lines), "marks": ["SIMULATED", "STALE"]},
        "source": "Binance, Kraken",
        "as_of": "2026-11-22T14:03:22.900000Z",
    }


def test_json_of_an_answer_without_numbers() -> None:
    assert json.loads(as_json(reply(Card("Bye")))) == {
        "data": None,
        "card": {"title": "Bye", "lines": [], "marks": []},
        "source": None,
        "as_of": None,
    }


def test_json_of_a_refusal() -> None:
    refused = reply(Card("No such coin."), Failure("not_found", "No such coin."))
    assert as_json(refused) == '{"error":{"code":"not_found","message":"No such coin."}}'

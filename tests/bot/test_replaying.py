"""`flowbell replay`: firings named by minute and price, as an independent reading of the same file finds them."""

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

_HEADER = "timestamp,open,high,low,close,volume\n"


@dataclass(frozen=True, slots=True)
class Bar:
    minute: str
    high: Decimal
    low: Decimal


def replay(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "replay", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def firings(path: Path, *rules: str) -> list[tuple[str, Decimal]]:
    options = [part for rule in rules for part in ("--rule", rule)]
    done = replay(str(path), *options, "--speed", "max", "--json")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [(each["at"].replace("T", " ").removesuffix("Z"), Decimal(each["value"])) for each in found]


def bars(path: Path) -> Iterator[Bar]:
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            yield Bar(row["timestamp"], Decimal(row["high"]), Decimal(row["low"]))


def first(path: Path, fits: Callable[[Bar], bool]) -> Bar:
    return next(bar for bar in bars(path) if fits(bar))


@pytest.fixture
def month() -> Path:
    folder = os.environ.get("TEST_DATA_DIR")
    path = Path(folder or "/nonexistent") / "ohlcv_1m" / "BTCUSDT_1m_2025-03.csv.gz"
    return path if path.exists() else pytest.skip("TEST_DATA_DIR holds no BTCUSDT_1m_2025-03.csv.gz")


def test_a_real_month_fires_where_the_file_says(month: Path) -> None:
    rise = first(month, lambda bar: bar.high > 94_000)
    fall = first(month, lambda bar: bar.low < 78_000)
    assert firings(month, "btc > 94000", "btc < 78000") == [(rise.minute, rise.high), (fall.minute, fall.low)]


def test_a_bar_is_seen_low_first_when_it_closed_above_its_open(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n2025-01-01 00:01:00,100,120,90,110,1\n")
    assert firings(path, "btc < 95", "btc > 115") == [
        ("2025-01-01 00:01:00", Decimal(90)),
        ("2025-01-01 00:01:00", Decimal(120)),
    ]


def test_a_bar_is_seen_high_first_when_it_closed_below_its_open(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n2025-01-01 00:01:00,100,120,90,95,1\n")
    assert firings(path, "btc < 95", "btc > 115") == [
        ("2025-01-01 00:01:00", Decimal(120)),
        ("2025-01-01 00:01:00", Decimal(90)),
    ]


def test_a_level_that_is_only_touched_is_not_exceeded(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n2025-01-01 00:01:00,100,120,100,120,1\n")
    assert firings(path, "btc > 120", "btc crosses 120 up") == [("2025-01-01 00:01:00", Decimal(120))]


def test_a_move_in_a_window_fires_where_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    rows = "".join(
        f"2025-01-01 00:{minute:02}:00,{price},{price},{price},{price},1\n"
        for minute, price in enumerate((100, 99, 98, 97, 96, 95, 94, 100))
    )
    path.write_text(_HEADER + rows)
    assert firings(path, "btc -4% in 4m") == [("2025-01-01 00:04:00", Decimal(4))]


def test_a_rule_that_is_no_rule_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n")
    done = replay(str(path), "--rule", "btc > banana")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "«banana» is not a price. Write a number, like: btc > 100k.\n"


def test_an_unreadable_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\nnot,a,candle\n")
    done = replay(str(path), "--rule", "btc > 1k")
    assert (done.returncode, done.stderr.count("\n")) == (65, 1)
    assert "line 3" in done.stderr


def test_a_file_that_is_missing_or_no_file_is_no_fault_of_the_configuration(tmp_path: Path) -> None:
    for path in (tmp_path / "BTCUSDT_1m.csv", tmp_path):
        done = replay(str(path), "--rule", "btc > 1k")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (66, "", 1)
        assert str(path) in done.stderr


def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    for text in ("", "nothing of that sort\n", "\x00\x01\x02"):
        path.write_text(text)
        done = replay(str(path), "--rule", "btc > 1k")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (65, "", 1), done.stderr


def test_a_file_of_no_pair_says_how_to_name_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n2025-01-01 00:01:00,100,120,100,120,1\n")
    done = replay(str(path), "--rule", "btc > 110")
    assert done.returncode == 65
    assert f"BTCUSDT@binance={path}" in done.stderr
    done = replay(f"BTCUSDT={path}", "--rule", "btc > 110")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 firing.")


@pytest.mark.parametrize("rule", ["eth > 5", "btc > 5 eth"])
def test_a_coin_that_is_not_in_the_files(tmp_path: Path, rule: str) -> None:
    for name in ("BTCUSDT_1m.csv", "SOLUSDT_1m.csv"):
        (tmp_path / name).write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n")
    done = replay(*map(str, sorted(tmp_path.iterdir())), "--rule", rule)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Ethereum is not in these files. They hold BTC, SOL.\n"


@pytest.mark.parametrize("speed", ["x", "0", "-1", "NaN"])
def test_a_speed_that_is_none(tmp_path: Path, speed: str) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(_HEADER + "2025-01-01 00:00:00,100,100,100,100,1\n")
    done = replay(str(path), "--rule", "btc > 1k", "--speed", speed)
    assert (done.returncode, done.stderr) == (2, f"«{speed}» is no speed. Write a number like 60, or max.\n")

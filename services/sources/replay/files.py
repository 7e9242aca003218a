"""The files of a replay: what they hold, read lazily and in order of time, with failures that name file and line."""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import TextIO, TypeVar, cast

import structlog

from services.domain import recordings as recorded
from services.domain.candles import Candle
from services.domain.recordings import Kind, Layout, Row, Survey, Trade, Unreadable
from services.feed import SourceError

log = structlog.get_logger()
T = TypeVar("T", Candle, Trade)

_SPEC = re.compile(r"(?P<symbol>[A-Za-z0-9/-]+)(?:@(?P<venue>[\w-]+))?=(?P<path>.+)")
_UNNAMED = "replay"  # the venue of a file that names none


class RecordingMissing(SourceError):
    """There is no such file, or it cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded file: what it holds and where it was recorded."""

    symbol: str  # "BTCUSDT"
    venue: str
    path: Path
    kind: Kind


def open_recordings(specs: Sequence[str | Path]) -> tuple[Recording, ...]:
    """Look at each file, given as a path or as SYMBOL@venue=path; `SourceError` where one is no recording.

    What the caller says goes before the file's name, and that before its columns.
    """
    return tuple(_opened(spec) for spec in specs)


def _opened(spec: str | Path) -> Recording:
    told = None if Path(spec).exists() else _SPEC.fullmatch(str(spec))
    path = Path(spec if told is None else told["path"])
    with _named(path), closing(_rows(path)) as rows:
        head = tuple(islice(rows, 2))
        layout = recorded.layout_of(head)
        line, cells = head[1] if layout.header else head[0]
        next(recorded.times([(line, cells)], layout))
    name = recorded.file_name(path.name)
    symbol = (told and told["symbol"]) or name.symbol or _cell(cells, layout.symbol)
    venue = (told and told["venue"]) or name.venue or _cell(cells, layout.venue) or _UNNAMED
    if symbol is None:
        raise _failure(path, f"the name does not say which pair it holds; give it as BTCUSDT@binance={path}")
    symbol = recorded.plain_symbol(symbol)
    if recorded.pair_of(symbol) is None:
        raise _failure(path, f"{symbol} is no pair priced in dollars or another currency, like BTCUSDT")
    return Recording(symbol, venue.casefold(), path, layout.kind)


def survey(recording: Recording) -> Survey:
    """Read a file's times once and say how tidy they are."""
    with _named(recording.path):
        layout, rows = _laid_out(recording.path)
        times = recorded.times(rows, layout)
        return recorded.survey(tuple(times)) if recording.kind == "candles" else recorded.survey_trades(times)


def candles(recording: Recording, until: datetime | None = None) -> Iterator[Candle]:
    """Return a file's candles by time; those of one time in the file's order."""
    return _in_order(recording, recorded.candles, until)


def trades(recording: Recording, until: datetime | None = None) -> Iterator[Trade]:
    """Return a file's trades by time; those of one time in the file's order."""
    return _in_order(recording, recorded.trades, until)


def _in_order(
    recording: Recording, read: Callable[[Iterable[Row], Layout, datetime | None], Iterator[T]], until: datetime | None
) -> Iterator[T]:
    found = survey(recording)
    if found.unsorted or found.duplicates or found.gaps:
        log.warning(
            "replay.untidy",
            file=str(recording.path),
            unsorted=found.unsorted,
            duplicates=found.duplicates,
            gaps=found.gaps,
            missing=found.missing,
        )
    with _named(recording.path):
        layout, rows = _laid_out(recording.path)
        values = read(rows, layout, until)
        # Only a file that is out of order is held in memory.
        yield from sorted(values, key=lambda value: value.at) if found.unsorted else values


def _laid_out(path: Path) -> tuple[Layout, Iterator[Row]]:
    rows = _rows(path)
    head = tuple(islice(rows, 2))
    layout = recorded.layout_of(head)
    body = chain(head[1:] if layout.header else head, rows)
    return layout, body if layout.symbol is None else _of_one_symbol(body, layout.symbol)


def _of_one_symbol(rows: Iterator[Row], column: int) -> Iterator[Row]:
    symbol: str | None = None
    for line, cells in rows:
        named = _cell(cells, column)
        symbol = symbol or named
        if named != symbol:
            raise Unreadable(line, f"{symbol}, because a file holds one pair")
        yield line, cells


def _cell(cells: Sequence[str], column: int | None) -> str | None:
    return cells[column].strip() if column is not None and column < len(cells) else None


def _rows(path: Path) -> Generator[Row, None, None]:
    with _text(path) as lines:
        yield from _json_rows(path, lines) if _is_list(lines) else _csv_rows(lines)


def _is_list(lines: TextIO) -> bool:
    start = lines.read(64)
    lines.seek(0)
    return start.lstrip().startswith("[")


def _text(path: Path) -> TextIO:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    if is_gzip:
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline=""))
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _csv_rows(lines: TextIO) -> Iterator[Row]:
    reader = csv.reader(lines)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    except csv.Error:
        raise Unreadable(reader.line_num, "cells of text between commas") from None


def _json_rows(path: Path, lines: TextIO) -> Iterator[Row]:
    """Return the entries of a list of lists, numbered from 1: as a rule they all stand on one line."""
    try:
        entries: object = json.load(lines, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as failure:
        line = failure.lineno if isinstance(failure, json.JSONDecodeError) else 1
        raise _failure(path, f"line {line}: expected a complete JSON list of candles") from None
    for number, entry in enumerate(entries if isinstance(entries, list) else (), start=1):
        if not isinstance(entry, list):
            raise Unreadable(number, "a list of cells")
        yield number, [str(cell) for cell in entry]


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a file into a `SourceError` that names it."""
    try:
        yield
    except Unreadable as failure:
        with _text(path) as lines:
            word = "entry" if _is_list(lines) else "line"
        raise _failure(path, f"{word} {failure.line}: expected {failure.expected}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _failure(path, "the compressed file is damaged or cut short") from None
    except OSError as failure:
        raise RecordingMissing("replay", f"{path}: {(failure.strerror or 'cannot be read').lower()}") from None


def _failure(path: Path, reason: str) -> SourceError:
    return SourceError("replay", f"{path}: {reason}")

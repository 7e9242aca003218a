"""Recorded candles and trades: from rows of text to values, whatever layout and unit of time the file has."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from services.domain.candles import Candle

Kind = Literal["candles", "trades"]
Unit = Literal["s", "ms", "us", "ns", "text"]
Row = tuple[int, Sequence[str]]
"""A row's number in its file, counted from 1 with the header, and its cells."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS: dict[Unit, Decimal] = {
    "s": Decimal(10**6),
    "ms": Decimal(10**3),
    "us": Decimal(1),
    "ns": Decimal("0.001"),
}
_YEARS = range(2009, 2100)  # a time outside was read in the wrong unit, or is none
_INFINITY = Decimal("Infinity")

_TIME = ("open_time", "opentime", "open time", "timestamp", "time", "transact_time", "datetime", "date", "unix")
_CLOSE_TIME = ("close_time", "closetime", "close time")
_AMOUNT = ("amount", "qty", "quantity", "size")
_CANDLE_CELLS = "time, open, high, low, close and volume, with low <= open and close <= high"
_TRADE_CELLS = "time, price and amount of a trade"

_QUOTES = ("FDUSD", "USDT", "USDC", "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "BRL", "KRW", "TRY", "PLN", "MXN")
_SYMBOL = re.compile(rf"([A-Z0-9]{{2,12}}?)[-_/]?({'|'.join(_QUOTES)})", re.IGNORECASE)
_INTERVAL = re.compile(r"\d{1,2}(?:s|m|h|d|w|mo)")
# Other words of a file name, like "storm" or "minute", name no venue.
_VENUE = re.compile(
    r"(?:binance|bitfinex|bitget|bitstamp|bybit|coinbase|crypto-?com|deribit|gate-?io|gemini|htx|huobi|kraken|kucoin|mexc|okx|upbit)"
    r"(?:-?(?:us|eu|pro|spot|futures|swap|delivery|options))?"
)


class Unreadable(ValueError):
    """A row that cannot be read: its number in the file and what was expected there."""

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(f"line {line}: expected {expected}")
        self.line = line
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade; price in the quote currency, amount in the base."""

    at: datetime
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file's name says of its content; None where it says nothing."""

    symbol: str | None
    venue: str | None
    interval: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell means what in one file; `numbers` are open, high, low, close, volume, or price, amount."""

    kind: Kind
    header: bool
    unit: Unit
    time: int
    numbers: tuple[int, ...]
    close_time: int | None = None
    symbol: int | None = None
    venue: int | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """How tidy the times of a file are. `step` is the least distance of two bars, `missing` counts bars in the gaps."""

    rows: int
    unsorted: int
    duplicates: int
    gaps: int
    missing: int
    step: timedelta | None


def file_name(name: str) -> FileName:
    """Read symbol, venue and interval from a file name, like BTCUSDT_binance_1d.json.gz or BTCUSDT-1m-2025-03.csv."""
    stem = re.sub(r"(\.(csv|json|txt|gz|klines))+$", "", name, flags=re.IGNORECASE)
    fields = stem.split("_") if "_" in stem else stem.split("-")
    words = [field.casefold() for field in fields]
    symbol = next((field for field in fields if _SYMBOL.fullmatch(field)), None)
    if symbol is None:
        symbol = next(("".join(pair) for pair in pairwise(fields) if pair[1].upper() in _QUOTES), None)
    venue = next((word for word in words if _VENUE.fullmatch(word)), None)
    interval = next((word for word in words if _INTERVAL.fullmatch(word)), None)
    return FileName(None if symbol is None else plain_symbol(symbol), venue, interval)


def plain_symbol(text: str) -> str:
    """Return a symbol as exchanges write it in one word, like BTCUSDT for btc-usdt."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def pair_of(symbol: str) -> tuple[str, str] | None:
    """Split BTCUSDT into ("BTC", "usdt"); None where the quote is no dollar coin and no currency."""
    found = _SYMBOL.fullmatch(symbol)
    if found is None or found[2].upper() == "FDUSD":
        return None
    return found[1].upper(), found[2].lower()


def layout_of(head: Sequence[Row]) -> Layout:
    """Tell the layout from the first rows, at most one of which is a header; `Unreadable` if it is none we know."""
    if not head:
        raise Unreadable(1, "candles or trades, but the file is empty")
    line, cells = head[0]
    names = [cell.strip().casefold() for cell in cells]
    if any(name in ("open", "price") for name in names):
        return _by_header(line, names, head[1:])
    return _by_count(line, cells)


def _by_header(line: int, names: list[str], rest: Sequence[Row]) -> Layout:
    kind: Kind = "candles" if "open" in names else "trades"
    time = _column(names, _TIME)
    wanted = (("open",), ("high",), ("low",), ("close",), ("volume",)) if kind == "candles" else (("price",), _AMOUNT)
    numbers = tuple(column for column in (_column(names, each) for each in wanted) if column is not None)
    if time is None or len(numbers) != len(wanted):
        raise Unreadable(line, f"a header that names {_CANDLE_CELLS if kind == 'candles' else _TRADE_CELLS}")
    if not rest:
        raise Unreadable(line + 1, f"{kind}, but nothing follows the header")
    return Layout(
        kind=kind,
        header=True,
        unit=_unit(rest[0], time),
        time=time,
        numbers=numbers,
        close_time=_column(names, _CLOSE_TIME),
        symbol=_column(names, ("symbol", "pair")),
        venue=_column(names, ("exchange", "venue")),
    )


def _column(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _by_count(line: int, cells: Sequence[str]) -> Layout:
    row = (line, cells)
    words = [cell.strip().casefold() for cell in cells]
    match len(cells):
        case 8 if words[5] in {"buy", "sell", "unknown"}:
            return Layout("trades", False, _unit(row, 2), 2, (6, 7), symbol=1, venue=0)
        case 8 | 7 if words[6] in {"true", "false"} and words[5] not in {"true", "false"}:
            return Layout("trades", False, _unit(row, 5), 5, (1, 2))  # trades that an exchange has put together
        case 6 | 7 if words[5] in {"true", "false"}:
            return Layout("trades", False, _unit(row, 4), 4, (1, 2))
        case 6:
            return Layout("candles", False, _unit(row, 0), 0, (1, 2, 3, 4, 5))
        case count if count >= 7:
            return Layout("candles", False, _unit(row, 0), 0, (1, 2, 3, 4, 5), close_time=6)
        case _:
            raise Unreadable(line, f"{_CANDLE_CELLS}, or {_TRADE_CELLS}")


def _unit(row: Row, column: int) -> Unit:
    line, cells = row
    try:
        count = Decimal(cells[column].strip())
    except ArithmeticError:
        return "text"
    except IndexError:
        raise Unreadable(line, f"a time in cell {column + 1}") from None
    if not count.is_finite():
        return "text"
    bounds: tuple[tuple[float, Unit], ...] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))
    return next((unit for bound, unit in bounds if count < Decimal(bound)), "ns")


def instant(cell: str, unit: Unit) -> datetime:
    """Read a time; text without a zone is UTC; `ValueError` where it is none or lies before 2009."""
    if unit == "text":
        at = datetime.fromisoformat(cell.strip().removesuffix("UTC").rstrip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    else:
        at = _EPOCH + timedelta(microseconds=int(Decimal(cell) * _MICROSECONDS[unit]))
    if at.year not in _YEARS:
        raise ValueError(cell)
    return at


def candles(rows: Iterable[Row], layout: Layout, until: datetime | None = None) -> Iterator[Candle]:
    """Read candles in the file's order.

    Only its close time marks a candle as still open, and only against a time that the file does not hold: so a candle
    is dropped just where `until` is given and it closes (in a layout without close times: opens) after that.
    """
    time, (opened, high, low, close, volume), unit = layout.time, layout.numbers, layout.unit
    ends = layout.time if layout.close_time is None else layout.close_time
    for line, cells in rows:
        try:
            candle = Candle(
                instant(cells[time], unit),
                Decimal(cells[opened]),
                Decimal(cells[high]),
                Decimal(cells[low]),
                Decimal(cells[close]),
                Decimal(cells[volume]),
            )
            late = until is not None and instant(cells[ends], unit) > until
        except (ValueError, ArithmeticError, IndexError):
            raise Unreadable(line, _CANDLE_CELLS) from None
        if not _sound(candle):
            raise Unreadable(line, _CANDLE_CELLS)
        if not late:
            yield candle


def _sound(candle: Candle) -> bool:
    numbers = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    if not all(number.is_finite() for number in numbers):
        return False
    inside = candle.low <= candle.open <= candle.high and candle.low <= candle.close <= candle.high
    return inside and candle.low > 0 and candle.volume >= 0


def trades(rows: Iterable[Row], layout: Layout, until: datetime | None = None) -> Iterator[Trade]:
    """Read trades in the file's order; those after `until` are left out."""
    time, (price, amount), unit = layout.time, layout.numbers, layout.unit
    for line, cells in rows:
        try:
            trade = Trade(instant(cells[time], unit), Decimal(cells[price]), Decimal(cells[amount]))
            sound = 0 < trade.price < _INFINITY and 0 <= trade.amount < _INFINITY
        except (ValueError, ArithmeticError, IndexError):
            raise Unreadable(line, _TRADE_CELLS) from None
        if not sound:
            raise Unreadable(line, _TRADE_CELLS)
        if until is None or trade.at <= until:
            yield trade


def times(rows: Iterable[Row], layout: Layout) -> Iterator[datetime]:
    """Read nothing but the times, in the file's order."""
    for line, cells in rows:
        try:
            yield instant(cells[layout.time], layout.unit)
        except (ValueError, ArithmeticError, IndexError):
            raise Unreadable(line, _CANDLE_CELLS if layout.kind == "candles" else _TRADE_CELLS) from None


def survey(times: Sequence[datetime]) -> Survey:
    """Say how tidy these opening times of candles are."""
    ordered = sorted(set(times))
    steps = [later - earlier for earlier, later in pairwise(ordered)]
    step = min(steps, default=None)
    holes = [each for each in steps if step is not None and each > step]
    return Survey(
        rows=len(times),
        unsorted=sum(later < earlier for earlier, later in pairwise(times)),
        duplicates=len(times) - len(ordered),
        gaps=len(holes),
        missing=sum(each // step - 1 for each in holes if step is not None),
        step=step,
    )


def survey_trades(times: Iterable[datetime]) -> Survey:
    """Say how many trades there are and how many are older than the one before; trades have no gaps."""
    rows, unsorted, before = 0, 0, None
    for at in times:
        rows += 1
        unsorted += before is not None and at < before
        before = at
    return Survey(rows, unsorted, duplicates=0, gaps=0, missing=0, step=None)


def path_of(candle: Candle) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return the prices of a candle in the order they are taken to have come: a falling one was high first."""
    if candle.close < candle.open:
        return candle.open, candle.high, candle.low, candle.close
    return candle.open, candle.low, candle.high, candle.close

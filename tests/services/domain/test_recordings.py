"""Recorded rows: every layout and unit of time means the same candle, and what cannot be read is named by its line."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import recordings
from services.domain.candles import Candle
from services.domain.recordings import FileName, Row, Survey, Trade, Unreadable

AT = datetime(2025, 3, 1, 3, tzinfo=UTC)
BAR = Candle(AT, Decimal("85240.45"), Decimal("85278.16"), Decimal("85225.95"), Decimal("85237.0"), Decimal("10.64798"))
PRICES = "85240.45,85278.16,85225.95,85237.0,10.64798"
TRADE = Trade(AT + timedelta(microseconds=123456), Decimal("85240.45"), Decimal("0.01"))
KLINE_HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker,ignore"


def rows(*lines: str) -> list[Row]:
    return [(number, line.split(",")) for number, line in enumerate(lines, start=1)]


def candles(*lines: str, until: datetime | None = None) -> list[Candle]:
    laid = rows(*lines)
    layout = recordings.layout_of(laid[:2])
    assert layout.kind == "candles"
    return list(recordings.candles(laid[layout.header :], layout, until))


def trades(*lines: str, until: datetime | None = None) -> list[Trade]:
    laid = rows(*lines)
    layout = recordings.layout_of(laid[:2])
    assert layout.kind == "trades"
    return list(recordings.trades(laid[layout.header :], layout, until))


@pytest.mark.parametrize(
    "time",
    [
        "1740798000",
        "1740798000.0",
        "1740798000000",
        "1740798000000000",
        "1740798000000000000",
        "2025-03-01 03:00:00",
        "2025-03-01T03:00:00",
        "2025-03-01 03:00",
        "2025-03-01T03:00:00Z",
        "2025-03-01T03:00:00.000Z",
        "2025-03-01 04:30:00+01:30",
        "2025-03-01 03:00:00 UTC",
    ],
)
def test_every_way_to_write_a_time_is_the_same_instant(time: str) -> None:
    assert candles(f"{time},{PRICES}") == [BAR]


@pytest.mark.parametrize(
    "lines",
    [
        ("timestamp,open,high,low,close,volume", f"1740798000000,{PRICES}"),
        ("Date,Open,High,Low,Close,Volume", f"2025-03-01 03:00:00,{PRICES}"),
        ("symbol,volume,close,low,high,open,unix", "X,10.64798,85237.0,85225.95,85278.16,85240.45,1740798000"),
        (f"1740798000000,{PRICES},1740798059999,907000.1,100,5,450000.1,0",),
        (f"1740798000000000,{PRICES},1740798059999999,907000.1,100,5,450000.1,0",),
        (KLINE_HEADER, f"1740798000000,{PRICES},1740798059999,907000.1,100,5,450000.1,0"),
    ],
)
def test_every_layout_of_candles_means_the_same(lines: tuple[str, ...]) -> None:
    assert candles(*lines) == [BAR]


@pytest.mark.parametrize(
    "lines",
    [
        ("4709,85240.45,0.01,852.4,1740798000123456,True,True",),
        ("4709,85240.45,0.01,852.4,1740798000123456,false",),
        ("id,price,qty,quote_qty,time,is_buyer_maker", "4709,85240.45,0.01,852.4,1740798000123456,true"),
        ("31,85240.45,0.01,4709,4711,1740798000123456,True,True",),
        ("binance,BTCUSDT,1740798000123456,1740798000130000,4709,buy,85240.45,0.01",),
        (
            "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
            "binance,BTCUSDT,1740798000123456,1740798000130000,4709,sell,85240.45,0.01",
        ),
    ],
)
def test_every_layout_of_trades_means_the_same(lines: tuple[str, ...]) -> None:
    assert trades(*lines) == [TRADE]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1740798060000,oops,2,1,1,1", "a word for a price"),
        ("1740798060000,1,2,1,1", "a cell is missing"),
        ("1740798060000,1,2,1,NaN,1", "not a number"),
        ("1740798060000,1,Infinity,1,1,1", "no number"),
        ("1740798060000,1,2,1,1,", "no volume"),
        ("1740798060000,1,2,1,1,-1", "negative volume"),
        ("1740798060000,0,2,0,1,1", "zero price"),
        ("1740798060000,1,2,3,1,1", "low above high"),
        ("1740798060000,3,2,1,1,1", "open above high"),
        ("1740798060000,1,2,1,0.5,1", "close below low"),
        ("2025-03-01 03:01:00,1,2,1,1,1", "another way to write time"),
        ("1740798060,1,2,1,1,1", "another unit of time"),
        ("NaN,1,2,1,1,1", "a time that is none"),
        ("9" * 40 + ",1,2,1,1,1", "a time beyond all calendars"),
        (",1,2,1,1,1", "no time"),
    ],
)
def test_an_unreadable_candle_is_named_by_its_line(line: str, why: str) -> None:
    with pytest.raises(Unreadable, match=r"line 3: expected time, open, high, low, close and volume") as told:
        candles("timestamp,open,high,low,close,volume", f"1740798000000,{PRICES}", line)
    assert told.value.line == 3, why


@pytest.mark.parametrize(
    "line", ["1,x,1,1,1740798000000,True", "1,0,1,1,1740798000000,True", "1,1,nan,1,1740798000000,True"]
)
def test_an_unreadable_trade_is_named_by_its_line(line: str) -> None:
    with pytest.raises(Unreadable, match=r"line 2: expected time, price and amount"):
        trades("4709,85240.45,0.01,852.4,1740798000123,True", line)


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ((), 1),
        (("one,two,three",), 1),
        (("timestamp,open,high,low,close",), 1),
        (("timestamp,open,high,low,close,volume",), 2),
        (("price,amount", "1,2"), 1),
        (("timestamp,open,high,low,close,volume", ""), 2),
    ],
)
def test_a_file_of_no_known_layout_is_named_by_its_line(lines: tuple[str, ...], line: int) -> None:
    with pytest.raises(Unreadable) as told:
        candles(*lines)
    assert told.value.line == line


@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=13), min_size=1, max_size=4))
def test_garbage_is_told_and_never_crashes(cells: list[Sequence[str]]) -> None:
    garbage: list[Row] = list(enumerate((["timestamp", "open", "high", "low", "close", "volume"], *cells), start=1))
    with pytest.raises(Unreadable):
        list(recordings.candles([*garbage[1:], (99, [])], recordings.layout_of(garbage[:2])))


def test_an_open_candle_is_dropped_only_against_a_given_time() -> None:
    done = f"1740798000000,{PRICES},1740798059999,1,1,1,1,0"
    still_open = f"1740798060000,{PRICES},1740798119999,1,1,1,1,0"
    assert len(candles(done, still_open)) == 2
    assert len(candles(done, still_open, until=AT + timedelta(seconds=119))) == 1
    assert len(candles(done, still_open, until=AT + timedelta(seconds=120))) == 2
    assert len(candles(f"1740798000000,{PRICES}", f"1740798060000,{PRICES}", until=AT)) == 1
    assert trades("1,85240.45,1,1,1740798000123,True", until=AT) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BTCUSDT_1m_2025-03.csv.gz", FileName("BTCUSDT", None, "1m")),
        ("BTCUSDT-1m-2025-03.csv", FileName("BTCUSDT", None, "1m")),
        ("BTCUSDT_binance_1d.klines.json.gz", FileName("BTCUSDT", "binance", "1d")),
        ("BTCUSDT-trades-2025-03-01.csv", FileName("BTCUSDT", None, None)),
        ("ETHUSDC-aggTrades-2025-03-01.csv", FileName("ETHUSDC", None, None)),
        ("binance-futures_trades_2025-03-01_BTCUSDT.csv.gz", FileName("BTCUSDT", "binance-futures", None)),
        ("kraken_BTC-USD_1h.csv", FileName("BTCUSD", "kraken", "1h")),
        ("btc_usdt_5m.csv", FileName("BTCUSDT", None, "5m")),
        ("SOL-EUR-15m-2025.csv", FileName("SOLEUR", None, "15m")),
        ("storm.csv", FileName(None, None, None)),
        ("BTCUSDT_storm_1m.csv", FileName("BTCUSDT", None, "1m")),
        ("bitstamp_storm.csv", FileName(None, "bitstamp", None)),
    ],
)
def test_a_file_name_says_pair_and_venue(name: str, expected: FileName) -> None:
    assert recordings.file_name(name) == expected


@pytest.mark.parametrize(
    ("symbol", "pair"),
    [
        ("BTCUSDT", ("BTC", "usdt")),
        ("BTCUSD", ("BTC", "usd")),
        ("USDTUSD", ("USDT", "usd")),
        ("USDCUSDT", ("USDC", "usdt")),
        ("DOTUSD", ("DOT", "usd")),
        ("EURUSDT", ("EUR", "usdt")),
        ("1INCHUSDC", ("1INCH", "usdc")),
        ("ETHBTC", None),
        ("BTCFDUSD", None),
    ],
)
def test_a_symbol_ends_with_its_quote(symbol: str, pair: tuple[str, str] | None) -> None:
    assert recordings.pair_of(symbol) == pair


def test_a_survey_counts_what_is_out_of_order() -> None:
    minutes = [0, 1, 2, 2, 6, 5, 9]
    found = recordings.survey([AT + timedelta(minutes=n) for n in minutes])
    assert found == Survey(rows=7, unsorted=1, duplicates=1, gaps=2, missing=4, step=timedelta(minutes=1))
    assert recordings.survey([]).step is None
    seen = recordings.survey_trades(AT + timedelta(minutes=n) for n in minutes)
    assert (seen.rows, seen.unsorted, seen.gaps) == (7, 1, 0)


def test_a_falling_candle_was_high_first() -> None:
    one, two, three, four = (Decimal(n) for n in (1, 2, 3, 4))
    assert recordings.path_of(Candle(AT, two, four, one, three, one)) == (two, one, four, three)
    assert recordings.path_of(Candle(AT, three, four, one, two, one)) == (three, four, one, two)
    assert recordings.path_of(Candle(AT, two, four, one, two, one)) == (two, one, four, two)

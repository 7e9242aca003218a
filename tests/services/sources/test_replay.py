"""The replay: files of every shape become one stream of observations, by time, on the clock it moves."""

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from services.clock import FixedClock
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import PriceSource, SourceError
from services.sources.replay import Recording, Replay, observations, open_recordings, survey

START = datetime(2025, 3, 1, 3, tzinfo=UTC)
MS = 1_740_798_000_000  # START
HEADER = "timestamp,open,high,low,close,volume"
BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)
RIPPLE = Coin("ripple", "XRP", "XRP", 4)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, *lines: str, packed: bool = False) -> Path:
        path = tmp_path / name
        text = ("\n".join(lines) + "\n").encode()
        path.write_bytes(gzip.compress(text) if packed else text)
        return path

    return written


def minute(number: int, prices: str) -> str:
    return f"{MS + number * 60_000},{prices},1"


def kline(number: int, prices: str) -> list[object]:
    opened = MS + number * 60_000
    return [
        opened,
        *(f"{price}.00000000" for price in prices.split(",")),
        "1.0",
        opened + 59_999,
        "1",
        1,
        "1",
        "1",
        "0",
    ]


def told(samples: list[Sample]) -> list[tuple[int, str, str]]:
    return [(int((s.at - START).total_seconds() // 60), s.source, str(s.price)) for s in samples]


def seen(*specs: str | Path, until: datetime | None = None) -> list[tuple[int, str, str]]:
    return told(list(observations(open_recordings(specs), until)))


RISING, FALLING = "2,4,1,3", "3,4,1,2"
BOTH = [(0, "replay", p) for p in ("2", "1", "4", "3")] + [(1, "replay", p) for p in ("3", "4", "1", "2")]


def test_a_candle_is_seen_as_open_low_high_close_and_a_falling_one_high_first(write: Write) -> None:
    path = write("BTCUSDT_1m_2025-03.csv", HEADER, minute(0, RISING), minute(1, FALLING))
    assert seen(path) == BOTH
    (first, *_) = observations(open_recordings([path]))
    assert first == Sample("replay", "bitcoin", "usdt", Decimal(2), START, START, "replay")


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("top", [(HEADER,), ()])
def test_packed_or_plain_with_or_without_header(write: Write, packed: bool, top: tuple[str, ...]) -> None:
    lines = (*top, minute(0, RISING), "", minute(1, FALLING))
    assert seen(write("BTCUSDT-1m-2025-03.csv.gz", *lines, packed=packed)) == BOTH


def test_a_mark_of_byte_order_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join((HEADER, minute(0, RISING), minute(1, FALLING))).encode())
    assert seen(path) == BOTH


def test_klines_as_the_exchange_answers_them(write: Write) -> None:
    body = json.dumps([kline(0, RISING), kline(1, FALLING)])
    path = write("BTCUSDT_binance_1m.klines.json.gz", body, packed=True)
    (recording,) = open_recordings([path])
    assert recording == Recording("BTCUSDT", "binance", path, "candles")
    assert [price for _, _, price in seen(path)] == [f"{p}.00000000" for p in (2, 1, 4, 3, 3, 4, 1, 2)]
    assert len(seen(path, until=START + timedelta(seconds=90))) == 4


def test_trades_are_seen_one_by_one(write: Write) -> None:
    dump = write("BTCUSDT-trades-2025-03-01.csv", f"1,7,1,7,{MS},True,True", f"2,8,1,8,{MS},False,True")
    tape = write(
        "tape.csv",
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
        f"coinbase,BTC-USD,{MS * 1000 + 1},{MS * 1000 + 9},3,buy,9,1",
    )
    assert seen(dump, tape) == [(0, "replay", "7"), (0, "replay", "8"), (0, "coinbase", "9")]
    assert [each.kind for each in open_recordings([dump, tape])] == ["trades", "trades"]
    assert open_recordings([tape])[0].symbol == "BTCUSD"


def test_what_the_caller_says_goes_before_the_name(write: Write) -> None:
    path = write("BTCUSDT_1m.csv", HEADER, minute(0, RISING))
    (recording,) = open_recordings([f"ETHUSDC@kraken={path}"])
    assert (recording.symbol, recording.venue) == ("ETHUSDC", "kraken")
    assert {(s.base, s.quote, s.source) for s in observations([recording])} == {("ethereum", "usdc", "kraken")}


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("XBTUSD", "bitcoin", "usd"),
        ("USDTUSD", "tether", "usd"),
        ("EURUSDT", "eur", "usdt"),
        ("ZZZUSDT", "zzz", "usdt"),
    ],
)
def test_a_symbol_means_a_coin(write: Write, symbol: str, base: str, quote: str) -> None:
    path = write(f"{symbol}_1m.csv", HEADER, minute(0, RISING))
    assert {(s.base, s.quote) for s in observations(open_recordings([path]))} == {(base, quote)}


def test_venues_and_pairs_are_merged_by_time_and_at_one_time_as_given(write: Write) -> None:
    kraken = write("BTCUSD_kraken_1m.csv", HEADER, minute(0, "1,1,1,1"), minute(2, "2,2,2,2"))
    binance = write("BTCUSDT_binance_1m.csv", HEADER, minute(0, "5,5,5,5"), minute(1, "6,6,6,6"))
    order = [(minutes, venue) for minutes, venue, _ in seen(kraken, binance)][::4]
    assert order == [(0, "kraken"), (0, "binance"), (1, "binance"), (2, "kraken")]
    assert [venue for _, venue, _ in seen(binance, kraken)][:8] == ["binance"] * 4 + ["kraken"] * 4


def test_months_of_one_pair_follow_each_other_and_overlap_once(write: Write) -> None:
    later = write("BTCUSDT-1m-2025-04.csv", minute(1, "9,9,9,9"), minute(2, "3,3,3,3"))
    earlier = write("BTCUSDT-1m-2025-03.csv", minute(0, "1,1,1,1"), minute(1, "2,2,2,2"))
    assert [price for _, _, price in seen(later, earlier)][::4] == ["1", "2", "3"]


def test_days_do_not_take_the_place_of_minutes(write: Write) -> None:
    minutes = write("BTCUSDT-1m-2025-03.csv", minute(0, "1,1,1,1"), minute(1, "2,2,2,2"))
    days = write("BTCUSDT-1d-2025-03.csv", minute(0, "5,5,5,5"))
    assert [price for _, _, price in seen(minutes, days)][::4] == ["1", "5", "2"]


def test_an_untidy_file_is_put_in_order_and_reported(write: Write) -> None:
    path = write(
        "BTCUSDT_1m.csv", HEADER, *(minute(n, f"{p},{p},{p},{p}") for n, p in ((5, 6), (1, 2), (0, 1), (1, 3)))
    )
    with structlog.testing.capture_logs() as logged:
        assert [(minutes, price) for minutes, _, price in seen(path)][::4] == [(0, "1"), (1, "3"), (5, "6")]
    assert [{key: line[key] for key in ("event", "unsorted", "duplicates", "gaps", "missing")} for line in logged] == [
        {"event": "replay.untidy", "unsorted": 2, "duplicates": 1, "gaps": 1, "missing": 3}
    ]
    assert survey(open_recordings([path])[0]).rows == 4


def test_a_tidy_file_is_not_remarked_upon_and_a_repeat_is_the_last(write: Write) -> None:
    tidy = write("BTCUSDT_1m.csv", HEADER, minute(0, RISING), minute(1, FALLING))
    with structlog.testing.capture_logs() as logged:
        assert seen(tidy) == BOTH
    assert logged == []
    twice = write("ETHUSDT_1m.csv", HEADER, minute(0, "1,1,1,1"), minute(0, "2,2,2,2"), minute(1, "3,3,3,3"))
    assert [price for _, _, price in seen(twice)][::4] == ["2", "3"]


def test_trades_out_of_order_are_sorted(write: Write) -> None:
    path = write("BTCUSDT-trades-1.csv", *(f"1,{p},1,1,{MS + p},True,True" for p in (3, 1, 2)))
    assert [price for _, _, price in seen(path)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("name", "lines", "reason"),
    [
        ("BTCUSDT_1m.csv", (HEADER, minute(0, RISING), "oops"), "line 3: expected time, open, high"),
        ("BTCUSDT_1m.csv", (HEADER, minute(0, RISING), "", minute(1, "1,2,x,1")), "line 4: expected time, open, high"),
        ("BTCUSDT_1m.csv", (minute(0, RISING), minute(1, "1,2,3")), "line 2: expected time, open, high"),
        ("BTCUSDT-trades.csv", (f"1,7,1,7,{MS},True", f"2,-8,1,8,{MS},True"), "line 2: expected time, price"),
        ("BTCUSDT_1m.json", ("[[1, 2], [3",), "line 2: expected a complete JSON"),
        ("BTCUSDT_1m.json", ("[]",), "entry 1: expected candles or trades"),
        ("BTCUSDT_1m.json", (json.dumps([kline(0, RISING), {"code": -1}]),), "entry 2: expected a list"),
        ("BTCUSDT_1m.json", (json.dumps({"code": -1121}),), "line 1: expected"),
        ("BTCUSDT_1m.csv", (), "line 1: expected candles or trades"),
        ("BTCUSDT_1m.csv", (HEADER,), "line 2: expected candles"),
        ("some.csv", (HEADER, minute(0, RISING)), "does not say which pair"),
        ("some.csv", (f"symbol,{HEADER}", f"ETHBTC,{minute(0, RISING)}"), "ETHBTC is no pair"),
        (
            "some.csv",
            (f"symbol,{HEADER}", f"BTCUSDT,{minute(0, RISING)}", f"XRPUSDT,{minute(1, RISING)}"),
            "line 3: expected BTCUSDT",
        ),
    ],
)
def test_what_cannot_be_read_is_named_by_file_and_line(
    write: Write, name: str, lines: tuple[str, ...], reason: str
) -> None:
    path = write(name, *lines)
    with pytest.raises(SourceError) as failure:
        seen(path)
    assert failure.value.source == "replay"
    assert reason in failure.value.reason
    assert str(path) in failure.value.reason


def test_damaged_missing_and_binary_files_are_told(write: Write, tmp_path: Path) -> None:
    whole = gzip.compress("\n".join([HEADER, *(minute(n, RISING) for n in range(500))]).encode())
    cut, noise = tmp_path / "BTCUSDT_1m.csv.gz", tmp_path / "ETHUSDT_1m.csv"
    cut.write_bytes(whole[: len(whole) // 2])
    noise.write_bytes(bytes(range(256)) * 20)
    for path in (cut, noise, tmp_path / "absent.csv", tmp_path):
        with pytest.raises(SourceError, match=r"damaged|line 1|no such file|directory"):
            seen(path)


async def test_a_stream_moves_the_clock_and_ends_with_the_recording(write: Write) -> None:
    paths = [
        write(f"{symbol}_1m.csv", HEADER, minute(0, RISING), minute(1, FALLING)) for symbol in ("BTCUSDT", "XRPUSDT")
    ]
    clock = FixedClock(START - timedelta(days=1))
    source: PriceSource = Replay(open_recordings(paths), clock)
    heard: list[tuple[datetime, tuple[Sample, ...]]] = []
    await asyncio.wait_for(source.stream((BITCOIN,), lambda samples: heard.append((clock.now(), samples))), timeout=30)
    assert [len(samples) for _, samples in heard] == [1] * 8
    assert told([samples[0] for _, samples in heard]) == BOTH
    assert all(now == samples[0].at == samples[0].seen_at for now, samples in heard)
    assert {samples[0].base for _, samples in heard} == {"bitcoin"}
    assert source.name == "replay"
    assert told(list(await source.samples((BITCOIN,)))) == [(1, "replay", "2")]


class Noted(FixedClock):
    """A clock that notes how long it was asked to sleep, and has slept."""

    def __init__(self) -> None:
        super().__init__(START)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.set(self.now() + timedelta(seconds=seconds))


async def test_other_tasks_get_their_turn_now_and_again(write: Write) -> None:
    path = write("BTCUSDT_1m.csv", HEADER, *(minute(n, RISING) for n in range(600)))
    clock, heard = Noted(), list[Sample]()
    replay = Replay(open_recordings([path]), clock)
    await asyncio.wait_for(replay.stream((BITCOIN,), heard.extend), timeout=30)
    assert len(heard) == 2400
    assert clock.slept == [0] * 5


async def test_a_paced_stream_waits_a_part_of_the_recorded_time(write: Write) -> None:
    path = write("BTCUSDT_1m.csv", HEADER, *(minute(n, RISING) for n in (0, 1, 3)))
    pace = Noted()
    replay = Replay(open_recordings([path]), FixedClock(START), Decimal(30), pace=pace)
    await asyncio.wait_for(replay.stream((BITCOIN,), lambda samples: None), timeout=30)
    assert pace.slept == pytest.approx([2.0, 4.0])


async def test_candles_are_finished_by_the_clock(write: Write) -> None:
    lines = [minute(n, f"{n + 10},{n + 12},{n + 9},{n + 11}") for n in range(130)]
    clock = FixedClock(START + timedelta(minutes=125))
    replay = Replay(open_recordings([write("BTCUSDT_1m.csv", HEADER, *lines)]), clock)
    hours = await replay.candles(BITCOIN, "1h", START, START + timedelta(days=1))
    assert [f"{bar.at.hour} {bar.open} {bar.high} {bar.low} {bar.close} {bar.volume}" for bar in hours] == [
        "3 10 71 9 70 60",
        "4 70 131 69 130 60",
        "5 130 136 129 135 5",
    ]
    minutes = await replay.candles(BITCOIN, "1m", START + timedelta(minutes=123), START + timedelta(days=1))
    assert [bar.at.minute for bar in minutes] == [3, 4]
    assert await replay.candles(RIPPLE, "1h", START, START + timedelta(days=1)) == ()
    clock.set(START + timedelta(seconds=59))
    assert await replay.candles(BITCOIN, "1m", START, START + timedelta(days=1)) == ()
    assert await replay.samples((BITCOIN,)) == ()
    clock.set(START + timedelta(seconds=60))
    assert len(await replay.candles(BITCOIN, "1m", START, START + timedelta(days=1))) == 1
    assert told(list(await replay.samples((BITCOIN,)))) == [(0, "replay", "11")]


async def test_candles_are_made_of_trades_and_never_of_longer_bars(write: Write) -> None:
    tape = write(
        "BTCUSDT-trades.csv", *(f"1,{p},2,1,{MS + n * 1000},True" for n, p in ((1, 5), (2, 7), (59, 4), (61, 6)))
    )
    replay = Replay(open_recordings([tape]), FixedClock(START + timedelta(minutes=5)))
    first, second = await replay.candles(BITCOIN, "1m", START, START + timedelta(minutes=5))
    assert f"{first.at:%H:%M} {first.open} {first.high} {first.low} {first.close} {first.volume}" == "03:00 5 7 4 4 6"
    assert second.close == 6
    days = [f"{MS + n * 86_400_000},1,1,1,1,1" for n in range(3)]
    daily = Replay(open_recordings([write("BTCUSDT_1d.csv", *days)]), FixedClock(START + timedelta(days=5)))
    assert await daily.candles(BITCOIN, "1h", START, START + timedelta(days=5)) == ()

"""Kraken: coins, stable coins, euro and pound in US dollars, without a key."""

import json
from datetime import datetime
from decimal import Decimal

import httpx
import msgspec

from services.clock import Clock
from services.domain.candles import LENGTH, Candle, Interval
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import Sink, SourceError
from services.sources.wire.budget import Budget
from services.sources.wire.gets import PATIENCE, Params, Patience, Wire
from services.sources.wire.listings import Listing, by_ticker
from services.sources.wire.readings import (
    Day,
    Instant,
    Pair,
    Seen,
    before,
    candle,
    decoded,
    listed,
    present,
    product,
    readable,
    sample,
    trimmed,
)
from services.sources.wire.streams import PACE, Denied, Heard, Idle, Line, Pace, Prices, listen

NAME = "kraken"
API_BASE = "https://api.kraken.com"
WS_BASE = "wss://ws.kraken.com"

_CALLS_PER_SECOND = 1
_BARS = 720  # all it keeps of any interval, whatever is asked
_HOLD_SECONDS = 30.0
_BUSY = ("EGeneral:Too many requests", "EAPI:Rate limit exceeded")
_RATES = {
    "USDT/USD": Pair("tether", "usd"),
    "USDC/USD": Pair("usd-coin", "usd"),
    "EUR/USD": Pair("eur", "usd"),
    "GBP/USD": Pair("gbp", "usd"),
}
_OLD_NAMES = {"BTC": "XBT", "DOGE": "XDG"}  # what requests are sure to understand
_PING = json.dumps({"method": "ping"})


class _Tick(msgspec.Struct):
    symbol: str
    last: Decimal | None = None
    change: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    vwap: Decimal | None = None
    timestamp: Instant = None


class _Frame(msgspec.Struct):
    channel: str = ""
    method: str = ""
    data: list[msgspec.Raw] = []
    success: bool | None = None
    error: str = ""
    symbol: str = ""


class _Ticker(msgspec.Struct):
    """The rolling fields are pairs: since midnight UTC, and the last 24 hours."""

    last: list[Decimal] = msgspec.field(name="c", default_factory=list)
    volume: list[Decimal] = msgspec.field(name="v", default_factory=list)
    vwap: list[Decimal] = msgspec.field(name="p", default_factory=list)
    low: list[Decimal] = msgspec.field(name="l", default_factory=list)
    high: list[Decimal] = msgspec.field(name="h", default_factory=list)


class _Bar(msgspec.Struct, array_like=True):
    at: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal


class _Answer(msgspec.Struct):
    error: list[str] = []
    result: dict[str, msgspec.Raw] = {}


_FRAME = msgspec.json.Decoder(_Frame)
_TICK = msgspec.json.Decoder(_Tick)
_ANSWER = msgspec.json.Decoder(_Answer)
_TICKER = msgspec.json.Decoder(_Ticker)
_BAR = msgspec.json.Decoder(_Bar)


class Kraken:
    """Prices and bars of Kraken's spot market in dollars, with the rates that turn tether and euro into dollars."""

    name = NAME

    def __init__(
        self,
        client: httpx.AsyncClient,
        clock: Clock,
        api_base: str = API_BASE,
        ws_base: str = WS_BASE,
        *,
        patience: Patience = PATIENCE,
        pace: Pace = PACE,
    ) -> None:
        self._clock = clock
        self._api_base = api_base.rstrip("/")
        self._ws_base = ws_base.rstrip("/")
        self._pace = pace
        self._budget = Budget(NAME, clock, _CALLS_PER_SECOND, per_seconds=1.0)
        self._wire = Wire(client, clock, self._budget, NAME, patience=patience)
        self._listing = Listing(clock, self._listed)

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Push a ticker per trade, until it fails or is cancelled."""
        pairs = await self._pairs(coins)
        refused: set[str] = set()
        line = Line(
            source=NAME,
            url=f"{self._ws_base}/v2",
            hello=lambda: (_subscription(tuple(pairs)),),
            read=lambda frame: self._heard(frame, pairs, refused),
            ping=_PING,
        )
        await listen(line, sink, self._clock, self._budget, self._pace)

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return the ticker of each coin it trades, by one request; its answer has no time, so it counts as now."""
        pairs = await self._pairs(coins)
        asked = ",".join(_request_name(name) for name in pairs)
        result = await self._result("/0/public/Ticker", (("pair", asked), ("assetVersion", "1")))
        seen = Seen(NAME, self._clock.now())
        keys = {key: pair for name, pair in pairs.items() for key in _answer_names(name)}
        found = (
            _ticker_sample(keys[key], ticker, seen)
            for key, raw in result.items()
            if key in keys
            for ticker in readable((raw,), _TICKER)
        )
        return present(found)

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return bars in dollars by one request; raise `SourceError` for bars older than the 720 it keeps."""
        names = [name for name, pair in (await self._pairs((coin,))).items() if pair.base == coin.id]
        if not names:
            raise SourceError(NAME, f"does not trade {coin.id}")
        if first < self._clock.now() - LENGTH[interval] * _BARS:
            raise SourceError(NAME, f"keeps only {_BARS} bars")
        params = (
            ("pair", _request_name(names[0])),
            ("interval", str(int(LENGTH[interval].total_seconds()) // 60)),
            ("since", str(int(first.timestamp()) - 1)),
            ("assetVersion", "1"),
        )
        result = await self._result("/0/public/OHLC", params)
        series = next((raw for key, raw in result.items() if key in _answer_names(names[0])), None)
        if series is None:
            raise SourceError(NAME, "an answer without the bars asked for")
        rows = listed(NAME, bytes(series), _BAR)
        bars = (candle(row.at, (row.open, row.high, row.low, row.close), row.volume) for row in rows)
        return trimmed(bars, first, last)

    async def _pairs(self, coins: tuple[Coin, ...]) -> dict[str, Pair]:
        wanted = _RATES | {f"{ticker}/USD": Pair(coin_id, "usd") for ticker, coin_id in by_ticker(coins).items()}
        names = await self._listing.names()
        if names is None:
            return wanted
        return {name: pair for name, pair in wanted.items() if not names.isdisjoint(_answer_names(name))}

    async def _listed(self) -> frozenset[str]:
        # The tickers of all pairs are a third of the size of AssetPairs, which may exceed what we accept.
        return frozenset(await self._result("/0/public/Ticker", (("assetVersion", "1"),)))

    async def _result(self, path: str, params: Params) -> dict[str, msgspec.Raw]:
        answer = decoded(NAME, await self._wire.get(f"{self._api_base}{path}", params), _ANSWER)
        if not answer.error:
            return answer.result
        reason = ", ".join(answer.error)[:200]
        if any(error.startswith(_BUSY) for error in answer.error):
            self._budget.hold(_HOLD_SECONDS, reason)
            raise SourceError(NAME, reason, retry_after_seconds=_HOLD_SECONDS)
        if any("Unknown asset pair" in error for error in answer.error):
            self._listing.forget()
        raise SourceError(NAME, reason)

    def _heard(self, frame: bytes, pairs: dict[str, Pair], refused: set[str]) -> Heard:
        read = _FRAME.decode(frame)
        if read.success is False:
            refused.add(read.symbol or read.error)
            return Denied(read.error[:200]) if len(refused) >= len(pairs) else Idle()
        if read.channel != "ticker":
            return Idle()
        seen = Seen(NAME, self._clock.now())
        ticks = [_TICK.decode(raw) for raw in read.data]
        return Prices(present(_tick_sample(pairs[tick.symbol], tick, seen) for tick in ticks if tick.symbol in pairs))


def _tick_sample(pair: Pair, tick: _Tick, seen: Seen) -> Sample | None:
    day = Day(open=before(tick.last, tick.change), high=tick.high, low=tick.low, volume=product(tick.volume, tick.vwap))
    return sample(pair, tick.last, tick.timestamp, seen, day)


def _ticker_sample(pair: Pair, ticker: _Ticker, seen: Seen) -> Sample | None:
    day = Day(
        high=_rolling(ticker.high),
        low=_rolling(ticker.low),
        volume=product(_rolling(ticker.volume), _rolling(ticker.vwap)),
    )
    return sample(pair, ticker.last[0] if ticker.last else None, None, seen, day)


def _rolling(numbers: list[Decimal]) -> Decimal | None:
    return numbers[1] if len(numbers) > 1 else None


def _request_name(name: str) -> str:
    base, quote = name.split("/")
    return _OLD_NAMES.get(base, base) + quote


def _answer_names(name: str) -> frozenset[str]:
    """Return the keys under which Kraken may answer for a pair: its display name, or one of its internal ones."""
    base, quote = name.split("/")
    old = _OLD_NAMES.get(base, base)
    return frozenset({name, f"{base}{quote}", f"{old}{quote}", f"X{old}Z{quote}", f"Z{old}Z{quote}", f"{old}Z{quote}"})


def _subscription(names: tuple[str, ...]) -> str:
    params = {"channel": "ticker", "symbol": list(names), "event_trigger": "trades", "snapshot": True}
    return json.dumps({"method": "subscribe", "params": params, "req_id": 1})

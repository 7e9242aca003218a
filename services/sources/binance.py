"""Binance: coins in tether from its public market-data hosts, without a key."""

import json
from collections.abc import Iterator
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
    candle,
    listed,
    present,
    sample,
    trimmed,
)
from services.sources.wire.refusals import Refused
from services.sources.wire.streams import PACE, Denied, Heard, Idle, Leave, Line, Pace, Prices, listen

NAME = "binance"
API_BASE = "https://data-api.binance.vision"  # answers where api.binance.com is closed by region
WS_BASE = "wss://data-stream.binance.vision"

_WEIGHT_PER_MINUTE = 1200  # a fifth of the published 6000
_STREAMS = 1024  # per connection
_STREAMS_PER_FRAME = 300  # so that all are asked for in four frames: five a second are allowed
_SYMBOLS_PER_ASK = 100  # above that the weight doubles
_BARS = 1000  # per request
_UNKNOWN_SYMBOL = -1121
_RATES = {"USDCUSDT": Pair("usd-coin", "usdt"), "EURUSDT": Pair("eur", "usdt")}


class _Tick(msgspec.Struct):
    """One mini ticker of the stream, or an event of the server."""

    event: str = msgspec.field(name="e", default="")
    at: Instant = msgspec.field(name="E", default=None)
    symbol: str = msgspec.field(name="s", default="")
    last: Decimal | None = msgspec.field(name="c", default=None)
    open: Decimal | None = msgspec.field(name="o", default=None)
    high: Decimal | None = msgspec.field(name="h", default=None)
    low: Decimal | None = msgspec.field(name="l", default=None)
    volume: Decimal | None = msgspec.field(name="q", default=None)


class _Fault(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Frame(msgspec.Struct):
    data: _Tick | None = None
    event: str = msgspec.field(name="e", default="")
    error: _Fault | None = None
    code: int | None = None
    msg: str = ""


class _Row(msgspec.Struct, rename="camel"):
    """One row of the 24-hour ticker."""

    symbol: str
    last_price: Decimal | None = None
    open_price: Decimal | None = None
    high_price: Decimal | None = None
    low_price: Decimal | None = None
    quote_volume: Decimal | None = None
    close_time: Instant = None


class _Bar(msgspec.Struct, array_like=True):
    at: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class _Name(msgspec.Struct):
    symbol: str


_FRAME = msgspec.json.Decoder(_Frame)
_ROW = msgspec.json.Decoder(_Row)
_BAR = msgspec.json.Decoder(_Bar)
_LISTED = msgspec.json.Decoder(_Name)


class Binance:
    """Prices and bars of Binance's spot market, quoted in tether; carries USDC and the euro in tether too."""

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
        self._budget = Budget(NAME, clock, _WEIGHT_PER_MINUTE)
        self._wire = Wire(client, clock, self._budget, NAME, patience=patience)
        self._listing = Listing(clock, self._trading)

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Push a mini ticker per coin and second of change, until it fails or is cancelled."""
        pairs = dict(list((await self._pairs(coins)).items())[:_STREAMS])
        line = Line(
            source=NAME,
            url=f"{self._ws_base}/stream",
            hello=lambda: tuple(_subscriptions(tuple(pairs))),
            read=lambda frame: self._heard(frame, pairs),
        )
        await listen(line, sink, self._clock, self._budget, self._pace)

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return the 24-hour ticker of each coin it trades; one request per hundred coins."""
        pairs = await self._pairs(coins)
        symbols = sorted(pairs)
        found: list[Sample] = []
        for start in range(0, len(symbols), _SYMBOLS_PER_ASK):
            some = symbols[start : start + _SYMBOLS_PER_ASK]
            asked = json.dumps(some, separators=(",", ":"))
            body = await self._get(
                "/api/v3/ticker/24hr", (("symbols", asked), ("type", "MINI")), weight=2 if len(some) <= 20 else 40
            )
            found += self._read_rows(body, pairs)
        return tuple(found)

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return bars in tether, which for bars counts as a dollar; one request per 1000 bars."""
        symbol = await self._symbol(coin)
        length_ms = int(LENGTH[interval].total_seconds() * 1000)
        start, end = int(first.timestamp() * 1000), int(last.timestamp() * 1000)
        bars: list[Candle | None] = []
        while start <= end:
            body = await self._get("/api/v3/klines", _window(symbol, interval, start, end), weight=2)
            rows = listed(NAME, body, _BAR)
            page = [candle(row.at, (row.open, row.high, row.low, row.close), row.volume) for row in rows]
            bars += page
            newest = max((bar.at for bar in page if bar is not None), default=None)
            if newest is None or len(rows) < _BARS or int(newest.timestamp() * 1000) < start:
                break
            start = int(newest.timestamp() * 1000) + length_ms
        return trimmed(bars, first, last)

    async def _symbol(self, coin: Coin) -> str:
        for symbol, pair in (await self._pairs((coin,))).items():
            if pair.base == coin.id:
                return symbol
        raise SourceError(NAME, f"does not trade {coin.id}")

    async def _pairs(self, coins: tuple[Coin, ...]) -> dict[str, Pair]:
        wanted = _RATES | {
            f"{ticker}USDT": Pair(coin_id, "usdt") for ticker, coin_id in by_ticker(coins).items() if ticker != "USDT"
        }
        names = await self._listing.names()
        return wanted if names is None else {symbol: pair for symbol, pair in wanted.items() if symbol in names}

    async def _trading(self) -> frozenset[str]:
        # exchangeInfo for all symbols is larger than any answer we accept, and for some it fails on an unknown one.
        body = await self._wire.get(f"{self._api_base}/api/v3/ticker/price", (("symbolStatus", "TRADING"),), weight=4)
        return frozenset(row.symbol for row in listed(NAME, body, _LISTED))

    async def _get(self, path: str, params: Params, weight: int) -> bytes:
        try:
            return await self._wire.get(f"{self._api_base}{path}", params, weight)
        except Refused as refusal:
            if refusal.code == _UNKNOWN_SYMBOL:
                self._listing.forget()
            raise

    def _read_rows(self, body: bytes, pairs: dict[str, Pair]) -> tuple[Sample, ...]:
        seen = Seen(NAME, self._clock.now())
        return present(
            sample(
                pairs[row.symbol],
                row.last_price,
                row.close_time,
                seen,
                Day(row.open_price, row.high_price, row.low_price, row.quote_volume),
            )
            for row in listed(NAME, body, _ROW)
            if row.symbol in pairs
        )

    def _heard(self, frame: bytes, pairs: dict[str, Pair]) -> Heard:
        read = _FRAME.decode(frame)
        fault = read.error or (_Fault(read.code, read.msg) if read.code is not None else None)
        if fault is not None:
            return Denied(f"refused: {fault.code} {fault.msg[:100]}")
        tick = read.data
        if "serverShutdown" in (read.event, tick.event if tick is not None else ""):
            return Leave()
        if tick is None or tick.symbol not in pairs:
            return Idle()
        day = Day(tick.open, tick.high, tick.low, tick.volume)
        return Prices(present((sample(pairs[tick.symbol], tick.last, tick.at, Seen(NAME, self._clock.now()), day),)))


def _subscriptions(symbols: tuple[str, ...]) -> Iterator[str]:
    for start in range(0, len(symbols), _STREAMS_PER_FRAME):
        names = [f"{symbol.lower()}@miniTicker" for symbol in symbols[start : start + _STREAMS_PER_FRAME]]
        yield json.dumps({"method": "SUBSCRIBE", "params": names, "id": start // _STREAMS_PER_FRAME + 1})


def _window(symbol: str, interval: Interval, start_ms: int, end_ms: int) -> Params:
    return (
        ("symbol", symbol),
        ("interval", interval),
        ("startTime", str(start_ms)),
        ("endTime", str(end_ms)),
        ("limit", str(_BARS)),
    )

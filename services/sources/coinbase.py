"""Coinbase Exchange: coins in US dollars, without a key."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import msgspec

from services.clock import Clock
from services.domain.candles import LENGTH, Candle, Interval, bar_open, join
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.feed import Sink, SourceError
from services.sources.wire.budget import Budget
from services.sources.wire.gets import PATIENCE, Patience, Wire
from services.sources.wire.listings import Listing, by_ticker
from services.sources.wire.readings import (
    UNKNOWN_DAY,
    Day,
    Instant,
    Pair,
    Seen,
    candle,
    decoded,
    listed,
    present,
    product,
    sample,
    trimmed,
)
from services.sources.wire.refusals import Refused
from services.sources.wire.streams import PACE, Denied, Heard, Idle, Line, Pace, Prices, Say, listen

NAME = "coinbase"
API_BASE = "https://api.exchange.coinbase.com"
WS_BASE = "wss://ws-feed.exchange.coinbase.com"

_CALLS_PER_SECOND = 3
_BARS = 300  # per request
_WITH_DAY = 5  # up to that many coins the 24-hour figures are asked for too: they cost a request per coin
_NOT_FOUND = 404
_INVALID = " is not a valid product"
_LIFE_SIGN = "BTC-USD"  # one product's heartbeat is enough to know that the connection lives
_RATES = {"USDT-USD": Pair("tether", "usd")}
_GRANULARITY: dict[Interval, Interval] = {"4h": "1h"}  # what it has no bars of, and what they are made of


class _Frame(msgspec.Struct):
    type: str
    product_id: str = ""
    price: Decimal | None = None
    open_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume_24h: Decimal | None = None
    time: Instant = None
    message: str = ""
    reason: str = ""


class _Ticker(msgspec.Struct):
    price: Decimal | None = None
    time: Instant = None


class _Stats(msgspec.Struct):
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None


class _Bar(msgspec.Struct, array_like=True):
    """A bar in Coinbase's own order."""

    at: Instant
    low: Decimal
    high: Decimal
    open: Decimal
    close: Decimal
    volume: Decimal


class _Product(msgspec.Struct):
    id: str
    status: str = "online"


_FRAME = msgspec.json.Decoder(_Frame)
_TICKER = msgspec.json.Decoder(_Ticker)
_STATS = msgspec.json.Decoder(_Stats)
_BAR = msgspec.json.Decoder(_Bar)
_PRODUCT = msgspec.json.Decoder(_Product)


class Coinbase:
    """Prices and bars of Coinbase Exchange in dollars; carries tether in dollars too."""

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
        self._listing = Listing(clock, self._online)

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Push a ticker per trade, until it fails or is cancelled."""
        pairs = await self._pairs(coins)
        line = Line(
            source=NAME,
            url=self._ws_base,
            hello=lambda: (_subscription(pairs),),
            read=lambda frame: self._heard(frame, pairs),
        )
        await listen(line, sink, self._clock, self._budget, self._pace)

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return the last trade of each coin it trades: a request per coin, three a second."""
        pairs = await self._pairs(coins)
        with_day = len(coins) <= _WITH_DAY
        return present([await self._sample(name, pair, with_day=with_day) for name, pair in pairs.items()])

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return bars in dollars, one request per 300; hours without a trade have no bar."""
        names = [name for name, pair in (await self._pairs((coin,))).items() if pair.base == coin.id]
        if not names:
            raise SourceError(NAME, f"does not trade {coin.id}")
        small = _GRANULARITY.get(interval, interval)
        start = bar_open(first + LENGTH[interval] - timedelta(microseconds=1), interval)
        end = bar_open(last, interval) + LENGTH[interval] - LENGTH[small]
        bars: list[Candle | None] = []
        while start <= end:
            until = min(end, start + LENGTH[small] * (_BARS - 1))
            bars += await self._bars(names[0], small, start, until)
            start = until + LENGTH[small]
        ordered = trimmed(bars, first, end)
        return ordered if small == interval else trimmed(join(ordered, interval), first, last)

    async def _bars(self, name: str, interval: Interval, first: datetime, last: datetime) -> tuple[Candle | None, ...]:
        params = (
            ("granularity", str(int(LENGTH[interval].total_seconds()))),
            ("start", first.astimezone(UTC).isoformat()),
            ("end", last.astimezone(UTC).isoformat()),
        )
        body = await self._wire.get(f"{self._api_base}/products/{name}/candles", params)
        return tuple(
            candle(row.at, (row.open, row.high, row.low, row.close), row.volume) for row in listed(NAME, body, _BAR)
        )

    async def _sample(self, name: str, pair: Pair, *, with_day: bool) -> Sample | None:
        url = f"{self._api_base}/products/{name}"
        try:
            ticker = decoded(NAME, await self._wire.get(f"{url}/ticker"), _TICKER)
            day = UNKNOWN_DAY
            if with_day:
                stats = decoded(NAME, await self._wire.get(f"{url}/stats"), _STATS)
                day = _day(stats.open, stats.high, stats.low, product(stats.volume, ticker.price))
        except Refused as refusal:
            if refusal.status != _NOT_FOUND:
                raise
            return None
        return sample(pair, ticker.price, ticker.time, Seen(NAME, self._clock.now()), day)

    async def _pairs(self, coins: tuple[Coin, ...]) -> dict[str, Pair]:
        wanted = _RATES | {f"{ticker}-USD": Pair(coin_id, "usd") for ticker, coin_id in by_ticker(coins).items()}
        names = await self._listing.names()
        return wanted if names is None else {name: pair for name, pair in wanted.items() if name in names}

    async def _online(self) -> frozenset[str]:
        body = await self._wire.get(f"{self._api_base}/products")
        rows = listed(NAME, body, _PRODUCT)
        return frozenset(row.id for row in rows if row.status == "online")

    def _heard(self, frame: bytes, pairs: dict[str, Pair]) -> Heard:
        read = _FRAME.decode(frame)
        if read.type == "error":
            return _without(read.reason, pairs) or Denied(f"{read.message[:100]}: {read.reason[:100]}")
        pair = pairs.get(read.product_id)
        if read.type not in ("ticker", "ticker_batch") or pair is None:
            return Idle()
        day = _day(read.open_24h, read.high_24h, read.low_24h, product(read.volume_24h, read.price))
        return Prices(present((sample(pair, read.price, read.time, Seen(NAME, self._clock.now()), day),)))


def _day(open_: Decimal | None, high: Decimal | None, low: Decimal | None, volume: Decimal | None) -> Day:
    return Day(open=open_, high=high, low=low, volume=volume)


def _without(reason: str, pairs: dict[str, Pair]) -> Heard | None:
    """Leave out the product that made the whole subscription fail, and ask for the others again."""
    name = reason.removesuffix(_INVALID)
    if name == reason or pairs.pop(name, None) is None or not pairs:
        return None
    return Say(_subscription(pairs))


def _subscription(pairs: dict[str, Pair]) -> str:
    names = list(pairs)
    life_sign = _LIFE_SIGN if _LIFE_SIGN in pairs else names[0]
    channels = ["ticker", {"name": "heartbeat", "product_ids": [life_sign]}]
    return json.dumps({"type": "subscribe", "product_ids": names, "channels": channels})

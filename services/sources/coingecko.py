"""CoinGecko: the catalogue of coins, prices of the long tail, and the rates of fiat money."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from urllib.parse import quote

import httpx
import msgspec

from services.clock import Clock
from services.domain.candles import LENGTH, Candle, Interval, bar_open, join
from services.domain.coins import FIATS, Coin
from services.domain.quotes import Sample
from services.feed import CoinFacts, Sink, SourceError
from services.sources.wire.budget import Budget
from services.sources.wire.gets import PATIENCE, Params, Patience, Wire
from services.sources.wire.readings import (
    Day,
    Instant,
    Pair,
    Seen,
    amount,
    candle,
    decoded,
    instant,
    listed,
    percent,
    present,
    price,
    readable,
    sample,
    trimmed,
)

Plan = Literal["none", "demo", "pro"]

NAME = "coingecko"
ATTRIBUTION = "Data provided by CoinGecko"  # required near the data, with the link
ATTRIBUTION_URL = "https://www.coingecko.com"
API_BASES: dict[Plan, str] = {
    "none": "https://api.coingecko.com/api/v3",
    "demo": "https://api.coingecko.com/api/v3",
    "pro": "https://pro-api.coingecko.com/api/v3",
}

_KEY_HEADERS: dict[Plan, str] = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
_UPDATED_SECONDS: dict[Plan, float] = {"none": 60.0, "demo": 60.0, "pro": 30.0}  # how old its server's cache gets
_TOLERATED = frozenset({10005, 10012})  # "not in your plan" and "too long ago": the key itself is good
_PER_PAGE = 250
_RATES_EVERY = 10  # polls
_OHLC: dict[Interval, tuple[int, timedelta]] = {
    "1h": (1, timedelta(minutes=30)),
    "4h": (30, timedelta(hours=4)),
    "1d": (30, timedelta(hours=4)),
}
"""The days to ask for, and the length of the bars that then come; they are joined to the interval."""
_NOT_TOLD = Decimal(0)  # bars come without a volume


class _Market(msgspec.Struct):
    id: str
    symbol: str
    name: str
    market_cap_rank: int | None = None
    current_price: Decimal | None = None
    market_cap: Decimal | None = None
    total_volume: Decimal | None = None
    change_1h: Decimal | None = msgspec.field(name="price_change_percentage_1h_in_currency", default=None)
    change_24h: Decimal | None = msgspec.field(name="price_change_percentage_24h_in_currency", default=None)
    change_7d: Decimal | None = msgspec.field(name="price_change_percentage_7d_in_currency", default=None)
    ath: Decimal | None = None
    ath_date: Instant = None
    circulating_supply: Decimal | None = None
    max_supply: Decimal | None = None
    last_updated: Instant = None


class _Hit(msgspec.Struct):
    id: str
    symbol: str
    name: str
    market_cap_rank: int | None = None


class _Hits(msgspec.Struct):
    coins: list[msgspec.Raw]


class _Bar(msgspec.Struct, array_like=True):
    closed_at: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


_MARKET = msgspec.json.Decoder(_Market)
_HITS = msgspec.json.Decoder(_Hits)
_HIT = msgspec.json.Decoder(_Hit)
_BAR = msgspec.json.Decoder(_Bar)
_PRICES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PRICE = msgspec.json.Decoder(dict[str, Decimal | None])


class CoinGecko:
    """Coins, prices and fiat rates by polling; `plan` decides the host, unless one is given, and the key's header."""

    name = NAME

    def __init__(
        self,
        client: httpx.AsyncClient,
        clock: Clock,
        api_base: str | None,
        key: str | None,
        plan: Plan,
        calls_per_minute: int,
        *,
        patience: Patience = PATIENCE,
    ) -> None:
        self._clock = clock
        self._api_base = (api_base or API_BASES[plan]).rstrip("/")
        self._calls_per_minute = calls_per_minute
        self._updated_seconds = _UPDATED_SECONDS[plan]
        header = _KEY_HEADERS.get(plan)
        headers: Params = ((header, key),) if header is not None and key else ()
        budget = Budget(NAME, clock, calls_per_minute)
        self._wire = Wire(client, clock, budget, NAME, headers=headers, tolerated=_TOLERATED, patience=patience)

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Poll prices as often as they change there, with at most half the budget, and fiat rates now and then."""
        calls = -(-len(coins) // _PER_PAGE) + 1
        wait = max(self._updated_seconds, 60.0 * calls * 2 / self._calls_per_minute)
        poll = 0
        while True:
            found = await self.samples(coins)
            if poll % _RATES_EVERY == 0:
                found += await self.rates()
            if found:
                sink(found)
            poll += 1
            await self._clock.sleep(wait)

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return the price of each coin it knows, one request per 250 coins."""
        found: list[Sample] = []
        for ids in _chunks(tuple(coin.id for coin in coins)):
            prices = await self._prices(
                ids,
                ("vs_currencies", "usd"),
                ("include_24hr_vol", "true"),
                ("include_24hr_change", "true"),
            )
            seen = Seen(NAME, self._clock.now())
            found += present(_sample(coin_id, row, seen) for coin_id, row in prices.items() if coin_id in ids)
        return tuple(found)

    async def rates(self) -> tuple[Sample, ...]:
        """Return what one unit of each fiat currency is worth in dollars, by the price of bitcoin in both."""
        prices = await self._prices(("bitcoin",), ("vs_currencies", ",".join(FIATS)))
        row = prices.get("bitcoin", {})
        dollars = price(row.get("usd"))
        if dollars is None:
            raise SourceError(NAME, "an answer without rates")
        seen = Seen(NAME, self._clock.now())
        known = {fiat: price(row.get(fiat)) for fiat in FIATS if fiat != "usd"}
        return present(
            sample(Pair(fiat, "usd"), dollars / value, row.get("last_updated_at"), seen)
            for fiat, value in known.items()
            if value is not None
        )

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return bars without volume (0) where it has fine enough ones: 1h of a day, 4h and 1d of 30 days."""
        if interval not in _OHLC:
            raise SourceError(NAME, f"has no bars of {interval}")
        days, length = _OHLC[interval]
        if first < self._clock.now() - timedelta(days=days):
            raise SourceError(NAME, f"has bars of {interval} for {days} days only")
        body = await self._get(f"/coins/{quote(coin.id, safe='')}/ohlc", ("vs_currency", "usd"), ("days", str(days)))
        rows = listed(NAME, body, _BAR)
        small = trimmed((_opened(row, length) for row in rows), first, bar_open(last, interval) + LENGTH[interval])
        whole = [bar for bar in small if bar.at >= bar_open(small[0].at + LENGTH[interval] - length, interval)]
        return trimmed(join(whole, interval), first, last)

    async def top(self, count: int) -> tuple[CoinFacts, ...]:
        """Return the `count` largest coins by market cap, 250 per request."""
        found: dict[str, CoinFacts] = {}
        size = min(count, _PER_PAGE)
        for page in range(1, -(-count // size) + 1 if count > 0 else 1):
            rows = await self._markets(("order", "market_cap_desc"), ("per_page", str(size)), ("page", str(page)))
            found |= {facts.coin.id: facts for facts in rows}
            if len(rows) < size or len(found) < size * page:  # the last page, or the same page once more
                break
        return tuple(found.values())[:count]

    async def facts(self, ids: tuple[str, ...]) -> tuple[CoinFacts, ...]:
        """Return what is known of these coins, 250 per request; unknown ids are left out."""
        found: list[CoinFacts] = []
        for some in _chunks(ids):
            rows = await self._markets(("ids", ",".join(some)), ("per_page", str(_PER_PAGE)))
            found += [row for row in rows if row.coin.id in some]
        return tuple(found)

    async def search(self, text: str) -> tuple[Coin, ...]:
        """Return coins whose ticker or name matches, largest first."""
        hits = decoded(NAME, await self._get("/search", ("query", text[:100])), _HITS)
        return tuple(
            Coin(id=hit.id, symbol=hit.symbol.upper(), name=hit.name, rank=hit.market_cap_rank)
            for hit in readable(hits.coins, _HIT)
        )

    async def _markets(self, *params: tuple[str, str]) -> tuple[CoinFacts, ...]:
        body = await self._get(
            "/coins/markets", ("vs_currency", "usd"), ("price_change_percentage", "1h,24h,7d"), *params
        )
        return tuple(_facts(row, self._clock.now()) for row in listed(NAME, body, _MARKET))

    async def _prices(self, ids: tuple[str, ...], *params: tuple[str, str]) -> dict[str, dict[str, Decimal | None]]:
        body = await self._get(
            "/simple/price",
            ("ids", ",".join(ids)),
            ("include_last_updated_at", "true"),
            ("precision", "full"),
            *params,
        )
        return {
            coin_id: row for coin_id, raw in decoded(NAME, body, _PRICES).items() for row in readable((raw,), _PRICE)
        }

    async def _get(self, path: str, *params: tuple[str, str]) -> bytes:
        return await self._wire.get(f"{self._api_base}{path}", params)


def _sample(coin_id: str, row: dict[str, Decimal | None], seen: Seen) -> Sample | None:
    last, change = price(row.get("usd")), percent(row.get("usd_24h_change"))
    opened = None if last is None or change is None else last / (1 + change / 100)
    day = Day(open=opened, volume=row.get("usd_24h_vol"))
    return sample(Pair(coin_id, "usd"), last, row.get("last_updated_at"), seen, day)


def _facts(row: _Market, now: datetime) -> CoinFacts:
    return CoinFacts(
        coin=Coin(id=row.id, symbol=row.symbol.upper(), name=row.name, rank=row.market_cap_rank),
        at=instant(row.last_updated) or now,
        source=NAME,
        price=price(row.current_price),
        market_cap=amount(row.market_cap),
        volume_24h=amount(row.total_volume),
        change_1h_pct=percent(row.change_1h),
        change_24h_pct=percent(row.change_24h),
        change_7d_pct=percent(row.change_7d),
        ath=price(row.ath),
        ath_at=instant(row.ath_date),
        supply=amount(row.circulating_supply),
        max_supply=amount(row.max_supply),
    )


def _opened(row: _Bar, length: timedelta) -> Candle | None:
    """Name a bar by its opening: CoinGecko names it by its close, the newest by now."""
    closed_at = instant(row.closed_at)
    if closed_at is None:
        return None
    seconds = length.total_seconds()
    opened = -(-closed_at.timestamp() // seconds) * seconds - seconds
    return candle(opened, (row.open, row.high, row.low, row.close), _NOT_TOLD)


def _chunks(ids: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), _PER_PAGE):
        yield ids[start : start + _PER_PAGE]

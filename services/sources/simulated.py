"""A seeded market as a source of prices and coins: needs no network, and says of itself that it is simulated."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from services.clock import Clock
from services.domain import simulation
from services.domain.candles import Candle, Interval
from services.domain.coins import Coin
from services.domain.quotes import Sample
from services.domain.simulation import Asset
from services.feed import CoinFacts, Sink, SourceError

_WELL_KNOWN = 100  # ranks up to here follow the simulated market caps; a rank far below stays where it is


class SimulatedMarket:
    """Prices of a made-up market at the clock's time, or `speed` times faster counted from `origin`.

    With a speed other than one, pass the same `origin` after a restart and the market goes on where it would be.
    """

    name = "simulated"

    def __init__(self, clock: Clock, seed: int, speed: Decimal | int = 1, origin: datetime | None = None) -> None:
        self._clock = clock
        self._seed = seed
        self._speed = Decimal(speed)
        self.origin = origin or clock.now()

    def present(self) -> datetime:
        """Return the market's time."""
        now = self._clock.now()
        if self._speed == 1:
            return now
        elapsed = (now - self.origin) // timedelta(microseconds=1)
        return self.origin + timedelta(microseconds=int(elapsed * self._speed))

    async def stream(self, coins: tuple[Coin, ...], sink: Sink) -> None:
        """Push one sample of each of `coins`, the stable coins and the fiat rates every second of the clock."""
        while True:
            sink(self._sampled(coins))
            await self._clock.sleep(1.0)

    async def samples(self, coins: tuple[Coin, ...]) -> tuple[Sample, ...]:
        """Return the present sample of each of `coins` that takes part, with the stable coins and fiat rates."""
        return self._sampled(coins)

    async def candles(self, coin: Coin, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
        """Return the bars that open in [first, last] of market time; the newest is what has been seen of it."""
        if simulation.asset(coin.id) is None:
            return ()
        present = self._open()
        return await asyncio.to_thread(
            simulation.candles, self._seed, coin.id, interval, first, min(last, present), until=present
        )

    async def top(self, count: int) -> tuple[CoinFacts, ...]:
        """Return the `count` largest coins by simulated market cap, largest first."""
        return await asyncio.to_thread(lambda: tuple(self._facts(coin) for coin in self._ranked()[:count]))

    async def facts(self, ids: tuple[str, ...]) -> tuple[CoinFacts, ...]:
        """Return what is known of these coins, in the order asked for; unknown ids are left out."""
        ranked = {coin.id: coin for coin in self._ranked()}
        return await asyncio.to_thread(lambda: tuple(self._facts(ranked[each]) for each in ids if each in ranked))

    async def search(self, text: str) -> tuple[Coin, ...]:
        """Return coins by ticker, id or a part of their name: whole tickers first, larger coins first."""
        wanted = text.strip().casefold()
        ranked = self._ranked() if wanted else ()
        exact = tuple(coin for coin in ranked if wanted in {coin.symbol.casefold(), coin.id, coin.name.casefold()})
        partial = tuple(coin for coin in ranked if wanted in coin.name.casefold() and coin not in exact)
        return exact + partial

    def _open(self) -> datetime:
        present = self.present()
        if present < simulation.FIRST_DAY:
            raise SourceError(self.name, f"the simulated market opens on {simulation.FIRST_DAY:%Y-%m-%d}")
        return present

    def _price(self, asset_id: str, at: datetime) -> Decimal:
        return simulation.price_at(self._seed, asset_id, at)

    def _sampled(self, coins: Iterable[Coin]) -> tuple[Sample, ...]:
        present = self._open().replace(microsecond=0)
        wanted = dict.fromkeys((*(coin.id for coin in coins), "tether", "usd-coin"))
        known = (simulation.asset(each) for each in wanted)
        return tuple(self._sample(each, present) for each in (*(each for each in known if each), *simulation.fiats()))

    def _sample(self, each: Asset, present: datetime) -> Sample:
        day = simulation.window_24h(self._seed, each.id, present)
        return Sample(
            source=self.name,
            base=each.id,
            quote="usd",
            price=self._price(each.id, present),
            at=present,
            seen_at=self._clock.now(),
            open_24h=day.open,
            high_24h=day.high,
            low_24h=day.low,
            volume_24h=day.volume,
        )

    def _ranked(self) -> tuple[Coin, ...]:
        """Return the coins by market cap, with the ranks that follow from it."""
        present = self._open()
        caps = {each: self._price(each.id, present) * Decimal(each.supply) for each in simulation.universe()}
        known = sorted((each for each in caps if (each.rank or 0) <= _WELL_KNOWN), key=lambda each: -caps[each])
        obscure = [each for each in caps if each not in known]
        ranks = [*range(1, len(known) + 1), *(each.rank for each in obscure)]
        return tuple(
            Coin(each.id, each.symbol, each.name, rank) for each, rank in zip((*known, *obscure), ranks, strict=True)
        )

    def _facts(self, coin: Coin) -> CoinFacts:
        present = self._open().replace(microsecond=0)
        each = next(each for each in simulation.universe() if each.id == coin.id)
        price, supply = self._price(coin.id, present), Decimal(each.supply)
        high, high_at = simulation.peak(self._seed, coin.id, present)
        return CoinFacts(
            coin=coin,
            at=present,
            source=self.name,
            price=price,
            market_cap=round(price * supply, 0),
            volume_24h=simulation.window_24h(self._seed, coin.id, present).volume,
            change_1h_pct=self._change(coin.id, price, present - timedelta(hours=1)),
            change_24h_pct=self._change(coin.id, price, present - timedelta(hours=24)),
            change_7d_pct=self._change(coin.id, price, present - timedelta(days=7)),
            ath=high,
            ath_at=high_at,
            supply=supply,
            max_supply=None if each.max_supply is None else Decimal(each.max_supply),
        )

    def _change(self, asset_id: str, price: Decimal, since: datetime) -> Decimal | None:
        if since < simulation.FIRST_DAY:
            return None
        before = self._price(asset_id, since)
        return round((price - before) / before * 100, 4)

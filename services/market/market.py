"""Live prices: hears all sources, tells listeners, answers questions, and keeps the last good values."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from services.clock import Clock
from services.coins import CoinBook
from services.counters import Counters
from services.domain import oracle
from services.domain.coins import FIATS, Coin
from services.domain.language import say
from services.domain.oracle import ARTIFICIAL, Accepted
from services.domain.quotes import Quote, Sample
from services.errors import SourceUnavailable
from services.feed import PriceSource, SourceError
from services.market import upkeep
from services.market.board import Board
from services.market.health import Pulse, SourceHealth
from services.market.priced import Priced, converted, crossed, priced, quote_of
from services.store import quotes as rows
from services.tx import Store

Listener = Callable[[tuple[Quote, ...]], None]
"""Who wants every new quote, of coins by id and of fiat money by code; it returns at once and never raises."""

FIAT_FRESH = timedelta(hours=1)
_LOOK_UP_SECONDS = 5.0
_LOOK_UP_AGAIN = timedelta(seconds=30)
_LOOKED_UP = 1000  # coins remembered as asked for

log = structlog.get_logger()


class Market:
    """What is known of prices; `run_source` keeps one source going, everything else runs nothing by itself."""

    def __init__(
        self, clock: Clock, counters: Counters, sources: tuple[PriceSource, ...], coins: CoinBook, store: Store
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._sources = sources
        self._coins = coins
        self._store = store
        self._artificial = any(source.name in ARTIFICIAL for source in sources)
        self._board = Board(self._rank, len(sources))
        self._pulses = {source.name: Pulse(source.name, clock.now()) for source in sources}
        self._listeners: list[Listener] = []
        self._unsaved: dict[str, Quote] = {}
        self._newest_at: datetime | None = None
        self._looked_up: dict[str, datetime] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        coins.on_change(self._board.ranked_anew)

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the new quotes of every batch of samples."""
        self._listeners.append(listener)

    def hear(self, samples: tuple[Sample, ...]) -> None:
        """Take what a stream told: check it, make quotes of it, tell the listeners. Never raises."""
        self._hear(samples, streamed=True)

    def _hear(self, samples: tuple[Sample, ...], *, streamed: bool) -> None:
        now = self._clock.now()
        touched: dict[str, None] = {}
        for sample in samples:
            if self._takes(sample, now, streamed=streamed):
                touched[sample.base] = None
        settled = (self._board.settle(coin, now) for coin in touched)
        quotes = tuple(quote for quote in settled if quote is not None)
        if quotes:
            self._tell(quotes)

    def _takes(self, sample: Sample, now: datetime, *, streamed: bool) -> bool:
        name = sample.source
        pulse = self._pulses.get(name)
        if pulse is None:
            pulse = self._pulses[name] = Pulse(name, now)
        limits = oracle.limits_of(name, polled=not streamed)
        verdict = self._board.weigh(sample, now, limits)
        self._counters.add("samples", name)
        if isinstance(verdict, Accepted):
            pulse.beat(now, limits.max_age, streamed=streamed)
            return True
        pulse.refuse(verdict.reason)
        self._counters.add("samples_refused", name)
        return False

    def _tell(self, quotes: tuple[Quote, ...]) -> None:
        for quote in quotes:
            self._unsaved[quote.coin] = quote
        newest = max(quote.at for quote in quotes)
        if self._newest_at is None or newest > self._newest_at:
            self._newest_at = newest
        for listener in self._listeners:
            try:
                listener(quotes)
            except Exception:  # one broken listener must not silence a source for the others
                log.exception("market.listener_failed")

    def present(self) -> datetime:
        """Return the market's time: the clock's, or that of a simulated or replayed market."""
        if self._artificial and self._newest_at is not None:
            return self._newest_at
        return self._clock.now()

    def quote(self, coin_id: str, currency: str = "usd") -> Priced:
        """Return the last good quote in a fiat currency, a stable coin or a coin; raise `SourceUnavailable`."""
        dollars = self._priced(coin_id)
        if dollars is None:
            coin = self._coins.coin(coin_id)
            name = coin_id if coin is None else coin.name
            raise SourceUnavailable(
                say("No source has a price of {coin} right now. Try again in a few minutes.", coin=name)
            )
        if currency == "usd":
            return dollars
        unit = self._priced(oracle.unit(currency))
        if unit is None:
            raise SourceUnavailable(
                say(
                    "There is no rate of {currency} right now. Ask in USD, or try again in a few minutes.",
                    currency=self._label(currency),
                )
            )
        return converted(dollars, unit, currency) if currency in FIATS else crossed(dollars, unit, currency)

    def is_live(self, coin_id: str) -> bool:
        """Say whether a source has a fresh, valid price of a coin."""
        return self._board.is_live(coin_id, self._clock.now())

    def heard_at(self, coin_id: str) -> datetime | None:
        """Return when the last valid price of a coin came, or None where none ever did."""
        quote = self._board.quote(coin_id)
        return None if quote is None else quote.seen_at

    def rate(self, currency: str) -> Decimal | None:
        """Return dollars per unit of a fiat currency, a stable coin or a coin, or None; `rate_at` tells its time."""
        if currency == "usd":
            return Decimal(1)
        unit = self._priced(oracle.unit(currency))
        return None if unit is None else unit.price

    def rate_at(self, currency: str) -> datetime | None:
        """Return when the rate of a currency was true; the dollar's is always now."""
        if currency == "usd":
            return self.present()
        unit = self._priced(oracle.unit(currency))
        return None if unit is None else unit.at

    async def look_up(self, coin: Coin, currency: str = "usd") -> Priced:
        """Return the quote, asking the sources at most every 30 s where none is live; raise `SourceUnavailable`."""
        if not self._board.is_live(coin.id, self._clock.now()):
            asking = self._asking.get(coin.id) or self._begin_asking(coin)
            if asking is not None:
                await asyncio.shield(asking)
        return self.quote(coin.id, currency)

    def _begin_asking(self, coin: Coin) -> "asyncio.Task[None] | None":
        now, asked_at = self._clock.now(), self._looked_up.get(coin.id)
        if asked_at is not None and now - asked_at < _LOOK_UP_AGAIN:
            return None
        if len(self._looked_up) >= _LOOKED_UP:
            self._looked_up.clear()
        self._looked_up[coin.id] = now
        asking = asyncio.create_task(self._ask(coin), name=f"look-up of {coin.id}")
        self._asking[coin.id] = asking
        asking.add_done_callback(lambda _: self._asking.pop(coin.id, None))
        return asking

    async def _ask(self, coin: Coin) -> None:
        with suppress(TimeoutError):
            async with self._clock.timeout(_LOOK_UP_SECONDS):
                for source in self._sources:
                    await self._ask_one(source, coin)
                    if self._board.is_live(coin.id, self._clock.now()):
                        return

    async def _ask_one(self, source: PriceSource, coin: Coin) -> None:
        try:
            self._hear(await source.samples((coin,)), streamed=False)
        except SourceError as failure:
            self._failed(failure)

    def health(self) -> tuple[SourceHealth, ...]:
        """Return how each source is doing, in the order of the settings."""
        now = self._clock.now()
        return tuple(pulse.seen(now) for pulse in self._pulses.values())

    async def run_source(self, source: PriceSource) -> None:
        """Keep one source streaming, and polled while its stream is silent, until cancelled."""
        line = upkeep.Line(source, self._pulses[source.name], self._coins, self._clock)
        await upkeep.run(line, self.hear, lambda samples: self._hear(samples, streamed=False), self._failed)

    def _failed(self, failure: SourceError) -> None:
        self._counters.add("source_failures", failure.source)
        pulse = self._pulses.get(failure.source)
        if pulse is not None:
            pulse.failed(failure.reason, self._clock.now())

    async def load(self) -> None:
        """Take over the last good quotes of the run before; simulated ones only into a simulated market."""
        stored = await self._store.read(rows.every)
        self._board.restore(each for each in stored if (each.source in ARTIFICIAL) == self._artificial)

    async def save(self) -> None:
        """Store the quotes that are new since the last time."""
        unsaved, self._unsaved = self._unsaved, {}
        try:
            await self._store.write(lambda tx: rows.put(tx, unsaved.values()))
        except BaseException:
            self._unsaved = unsaved | self._unsaved
            raise

    def _priced(self, coin_id: str) -> Priced | None:
        heard, facts = self._board.quote(coin_id), self._coins.facts(coin_id)
        now = self.present()
        if heard is not None and self._board.is_live(coin_id, self._clock.now()):
            return priced(heard, now, stale=False)
        listed = None if facts is None else quote_of(facts)
        newest = max((each for each in (heard, listed) if each is not None), key=lambda each: each.at, default=None)
        if newest is None:
            return None
        fresh_for = FIAT_FRESH if coin_id in FIATS else oracle.SLOW.max_age
        is_fresh = now - newest.seen_at <= fresh_for and (newest is listed or coin_id in FIATS)
        return priced(newest, now, stale=not is_fresh)

    def _rank(self, coin_id: str) -> int | None:
        if coin_id in FIATS:
            return 1
        coin = self._coins.coin(coin_id)
        return None if coin is None else coin.rank

    def _label(self, currency: str) -> str:
        coin = self._coins.coin(oracle.unit(currency))
        return currency.upper() if coin is None else coin.symbol

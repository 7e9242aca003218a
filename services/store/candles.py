"""Queries: closed bars, by the source that told them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.candles import Candle, Interval
from services.store.columns import integer_or_none, micros, moment, money, words
from services.store.schema import candle
from services.tx import Tx, Values

_PRICES = ("open", "high", "low", "close", "volume")
_KEY = ("source", "coin", "interval", "at")
_BETWEEN = (
    select(candle.c.at, *(candle.c[name] for name in _PRICES))
    .where(
        candle.c.source == bindparam("the_source"),
        candle.c.coin == bindparam("the_coin"),
        candle.c.interval == bindparam("the_interval"),
        candle.c.at.between(bindparam("first"), bindparam("last")),
    )
    .order_by(candle.c.at)
)
_PUT = insert(candle).values({name: bindparam(name) for name in (*_KEY, *_PRICES)})
_PUT = _PUT.on_conflict_do_update(index_elements=list(_KEY), set_={name: _PUT.excluded[name] for name in _PRICES})


_SERIES = (candle.c.source, candle.c.coin, candle.c.interval)
_NEXT_SERIES = (
    select(*_SERIES)
    .where(tuple_(*_SERIES) > tuple_(bindparam("source"), bindparam("coin"), bindparam("interval")))
    .order_by(*_SERIES)
    .limit(1)
)
_OF_SERIES = [column == bindparam(f"the_{column.name}") for column in _SERIES]
_OLDEST = select(candle.c.at).where(*_OF_SERIES, candle.c.at < bindparam("before")).order_by(candle.c.at)
_LAST_OF_OLDEST = select(func.max(_OLDEST.limit(bindparam("most")).subquery().c.at))
_PURGE = delete(candle).where(*_OF_SERIES, candle.c.at <= bindparam("last"))


def series(tx: Tx) -> tuple[tuple[str, str, str], ...]:
    """Return source, coin and interval of all bars there are: a step in the index for each, whatever their number."""
    found: list[tuple[str, str, str]] = []
    last = ("", "", "")
    while following := tx.rows(_NEXT_SERIES, dict(zip(("source", "coin", "interval"), last, strict=True))):
        source, coin, interval = following[0]
        last = (words(source), words(coin), words(interval))
        found.append(last)
    return tuple(found)


def purge(tx: Tx, source: str, coin: str, interval: str, before: datetime, most: int) -> int:
    """Delete the oldest bars of a series that open before `before`, at most `most`; return how many."""
    values: Values = {"the_source": source, "the_coin": coin, "the_interval": interval}
    [(last,)] = tx.rows(_LAST_OF_OLDEST, {**values, "before": micros(before), "most": most})
    at = integer_or_none(last)
    return 0 if at is None else tx.run(_PURGE, {**values, "last": at})


def between(tx: Tx, source: str, coin: str, interval: Interval, first: datetime, last: datetime) -> tuple[Candle, ...]:
    """Return the stored bars of one source that open in [first, last], oldest first."""
    values: Values = {
        "the_source": source,
        "the_coin": coin,
        "the_interval": interval,
        "first": micros(first),
        "last": micros(last),
    }
    return tuple(Candle(moment(row[0]), *(money(number) for number in row[1:])) for row in tx.rows(_BETWEEN, values))


def put(tx: Tx, source: str, coin: str, interval: Interval, bars: Iterable[Candle]) -> None:
    """Store closed bars; a bar that is there already is replaced."""
    key = {"source": source, "coin": coin, "interval": interval}
    tx.many(
        _PUT,
        [
            {
                **key,
                "at": micros(bar.at),
                "open": format(bar.open, "f"),
                "high": format(bar.high, "f"),
                "low": format(bar.low, "f"),
                "close": format(bar.close, "f"),
                "volume": format(bar.volume, "f"),
            }
            for bar in bars
        ],
    )

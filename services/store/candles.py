"""Queries: closed bars, by the source that told them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.candles import Candle, Interval
from services.store.columns import micros, moment, money
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

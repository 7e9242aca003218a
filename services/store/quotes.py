"""Queries: the last good price of every coin and currency, for the time after a restart."""

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.quotes import Part, Quote
from services.store.columns import micros, moment, money, words
from services.store.schema import quote
from services.tx import Row, Tx

_COLUMNS = (quote.c.coin, quote.c.price, quote.c.at, quote.c.seen_at, quote.c.source)
_ALL = select(*_COLUMNS)
_PUT = insert(quote).values({column.name: bindparam(column.name) for column in _COLUMNS})
_PUT = _PUT.on_conflict_do_update(
    index_elements=["coin"],
    set_={name: _PUT.excluded[name] for name in ("price", "at", "seen_at", "source")},
)


def every(tx: Tx) -> list[Quote]:
    """Return all stored quotes; their sources stand in one part, and what is not stored is None."""
    return [_quote(row) for row in tx.rows(_ALL)]


def _quote(row: Row) -> Quote:
    coin, price, at, seen_at, source = row
    return Quote(
        coin=words(coin),
        price=money(price),
        at=moment(at),
        seen_at=moment(seen_at),
        basis="tick",
        parts=(Part(words(source), money(price), moment(at)),),
        spread=Decimal(),
        disputed=False,
        change_24h_pct=None,
        high_24h=None,
        low_24h=None,
        volume_24h=None,
    )


def put(tx: Tx, quotes: Iterable[Quote]) -> None:
    """Store quotes in place of the older ones of the same coins."""
    tx.many(
        _PUT,
        [
            {
                "coin": each.coin,
                "price": format(each.price, "f"),
                "at": micros(each.at),
                "seen_at": micros(each.seen_at),
                "source": each.source,
            }
            for each in quotes
        ],
    )

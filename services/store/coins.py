"""Queries: the known coins and what a catalogue said of them."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT clause is also SQLite's

from services.domain.coins import Coin
from services.feed import CoinFacts
from services.store.columns import (
    integer_or_none,
    micros,
    moment,
    moment_or_none,
    money_or_none,
    text_or_none,
    words,
)
from services.store.schema import coin
from services.tx import Row, Tx, Value

_COLUMNS = tuple(coin.c)
_ALL = select(*_COLUMNS)
_PUT = insert(coin).values({column.name: bindparam(column.name) for column in _COLUMNS})
_PUT = _PUT.on_conflict_do_update(
    index_elements=["id"], set_={column.name: _PUT.excluded[column.name] for column in _COLUMNS if column.name != "id"}
)


def every(tx: Tx) -> list[CoinFacts]:
    """Return every known coin."""
    return [_facts(row) for row in tx.rows(_ALL)]


def _facts(row: Row) -> CoinFacts:
    (id_, symbol, name, rank, source, at, price, market_cap, volume_24h, change_1h, change_24h, change_7d, ath, ath_at,
     supply, max_supply) = row  # fmt: skip
    return CoinFacts(
        coin=Coin(words(id_), words(symbol), words(name), integer_or_none(rank)),
        at=moment(at),
        source=words(source),
        price=money_or_none(price),
        market_cap=money_or_none(market_cap),
        volume_24h=money_or_none(volume_24h),
        change_1h_pct=money_or_none(change_1h),
        change_24h_pct=money_or_none(change_24h),
        change_7d_pct=money_or_none(change_7d),
        ath=money_or_none(ath),
        ath_at=moment_or_none(ath_at),
        supply=money_or_none(supply),
        max_supply=money_or_none(max_supply),
    )


def put(tx: Tx, found: Iterable[CoinFacts]) -> None:
    """Store coins in place of what was known of them."""
    tx.many(_PUT, [_values(each) for each in found])


def _values(each: CoinFacts) -> dict[str, Value]:
    return {
        "id": each.coin.id,
        "symbol": each.coin.symbol,
        "name": each.coin.name,
        "rank": each.coin.rank,
        "source": each.source,
        "at": micros(each.at),
        "price": text_or_none(each.price),
        "market_cap": text_or_none(each.market_cap),
        "volume_24h": text_or_none(each.volume_24h),
        "change_1h_pct": text_or_none(each.change_1h_pct),
        "change_24h_pct": text_or_none(each.change_24h_pct),
        "change_7d_pct": text_or_none(each.change_7d_pct),
        "ath": text_or_none(each.ath),
        "ath_at": None if each.ath_at is None else micros(each.ath_at),
        "supply": text_or_none(each.supply),
        "max_supply": text_or_none(each.max_supply),
    }

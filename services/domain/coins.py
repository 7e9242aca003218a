"""What a coin is, and the fiat money it is priced in."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin by its stable id (the id CoinGecko uses); the ticker exists only at the edge and may clash."""

    id: str
    symbol: str  # upper case ticker, "BTC"
    name: str
    rank: int | None  # by market cap, 1 is the largest


STABLE = {"usdt": "tether", "usdc": "usd-coin"}
"""Quote currencies that are coins; converted by their own live rate, never taken as one dollar."""

FIATS: dict[str, str] = {
    "usd": "US dollar",
    "eur": "Euro",
    "gbp": "Pound sterling",
    "jpy": "Japanese yen",
    "chf": "Swiss franc",
    "cad": "Canadian dollar",
    "aud": "Australian dollar",
    "inr": "Indian rupee",
    "brl": "Brazilian real",
    "krw": "South Korean won",
    "try": "Turkish lira",
    "pln": "Polish zloty",
    "sek": "Swedish krona",
    "mxn": "Mexican peso",
}
"""ISO codes in lower case, as metric keys spell them, with their English names."""

Fiat = Literal["usd", "eur", "gbp", "jpy", "chf", "cad", "aud", "inr", "brl", "krw", "try", "pln", "sek", "mxn"]

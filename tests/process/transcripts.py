"""What a new user types and is told, as text in which only what changes by itself is blotted out."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from services.domain.candles import Candle
from tests.fakes.exchanges.market import COINS, Market

_BARS: Final = {60: 120, 900: 400, 3600: 1000, 14_400: 400, 86_400: 400}
_VOLATILE: Final = (
    (re.compile(r"^(-# )?(?:Binance|Coinbase|Kraken)(?:, (?:Coinbase|Kraken))* · ", re.MULTILINE), r"\1SOURCES · "),
    (re.compile(r"^(-# )?Price data by CoinGecko · ", re.MULTILINE), r"\1SOURCES · "),  # it may speak before them
    (re.compile(r"\+2\.0[04]%"), "+CHANGE%"),  # of the exchanges or of the catalogue
    (re.compile(r"^Working on it…\n", re.MULTILINE), ""),
    (re.compile(r"^Only \w+ has given a price so far\.\n", re.MULTILINE), ""),
    (re.compile(r"\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d UTC"), "DATE TIME UTC"),
    (re.compile(r"as of \d{4}-\d\d-\d\d \d\d:\d\d UTC"), "as of DATE TIME UTC"),
    (re.compile(r"<t:\d+:R>"), "AGO"),
    (re.compile(r"\d\d:\d\d:\d\d UTC"), "TIME UTC"),
    (re.compile(r"^((?:-# )?Alert #\d+ +)[0-9A-Z]{6}$", re.MULTILINE), r"\1CODE"),
    (re.compile(r"^(Time there +)\d\d:\d\d$", re.MULTILINE), r"\1TIME"),
    (re.compile(r"^24h volume +\$[\d.]+M$", re.MULTILINE), "24h volume VOLUME"),  # the sum of those that have spoken
    (re.compile(r"^(.*?)/\S*/([\w-]+?)-?\d[\w-]*\.png", re.MULTILINE), r"\1FOLDER/\2.png"),
)


def still_market() -> Market:
    """A market that has not moved for a long time, so that charts and previews say the same at any time of day."""
    now = datetime.now(UTC)
    market = Market()
    for coin in COINS:
        for seconds, count in _BARS.items():
            newest = int(now.timestamp()) // seconds + 60 * 60 // seconds
            market.history[coin.ticker, seconds] = tuple(
                _flat(coin.price, number * seconds) for number in range(newest - count, newest + 1)
            )
    return market


def _flat(price: Decimal, opens: int) -> Candle:
    high, low = price * Decimal("1.001"), price * Decimal("0.999")
    at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=opens)
    return Candle(at=at, open=price, high=high, low=low, close=price, volume=Decimal(100))


def steady(text: str) -> str:
    """Blot out clock times, ages, random codes, paths, and which exchange happened to speak first."""
    for form, stands_for in _VOLATILE:
        text = form.sub(stands_for, text)
    return text

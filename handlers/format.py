"""How numbers, money and times are written for people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from handlers import times
from handlers.charts import decimals
from handlers.model import Mark, Provenance
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.people import NumberStyle, Preferences
from services.market import Priced

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "krw": "₩", "try": "₺", "brl": "R$"}
_SEPARATORS: dict[NumberStyle, tuple[str, str]] = {
    "1,234.56": (",", "."), "1.234,56": (".", ","), "1 234.56": ("\u202f", "."),
}  # fmt: skip
_WITHOUT_CENTS = frozenset(("jpy", "krw"))
_CENTS_VANISH = 100  # from here on nobody writes hundredths of a yen
_ABNORMAL = timedelta(seconds=90)


def number(value: Decimal, places: int, style: NumberStyle | None, *, sign: bool = False) -> str:
    """Return `value` rounded to `places`, grouped as the person writes numbers."""
    text = f"{value:{'+z' if sign else 'z'},.{places}f}"  # z: what rounds to zero has no minus
    group, point = _SEPARATORS[style or "1,234.56"]
    return text.translate({ord(","): group, ord("."): point}).replace("-", "−")


def price(value: Decimal, currency: str, preferences: Preferences) -> str:
    """Return a price with as many digits as its size deserves, and its currency: `$91,234.01`, `0.05123 BTC`."""
    places = max(2, decimals(float(value))) if value >= 1 else decimals(float(value))
    if currency in _WITHOUT_CENTS and value >= _CENTS_VANISH:
        places = 0
    return money(value, currency, preferences, places)


def level(value: Decimal, currency: str, preferences: Preferences) -> str:
    """Return a level exactly as it was set: no digit is rounded away or added."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    places = max(0, -exponent)
    return money(value, currency, preferences, places if places != 1 else 2)


def money(value: Decimal, currency: str, preferences: Preferences, places: int) -> str:
    """Return an amount with its currency sign, or its code behind it where it has none."""
    text = number(value, places, preferences.numbers)
    sign = _SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency.upper()}"


def large(value: Decimal, currency: str, preferences: Preferences) -> str:
    """Return a large amount in three significant digits: `$1.81T`, `$45.2B`."""
    for unit, size in (("T", Decimal("1e12")), ("B", Decimal("1e9")), ("M", Decimal("1e6")), ("K", Decimal("1e3"))):
        if abs(value) >= size:
            scaled = value / size
            places = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
            return (
                money(scaled, currency, preferences, places) + unit
                if currency in _SIGNS
                else (number(scaled, places, preferences.numbers) + f"{unit} {currency.upper()}")
            )
    return money(value, currency, preferences, 0)


def percent(value: Decimal | None, preferences: Preferences) -> str:
    """Return a change with its sign, or a dash where it is not known."""
    return "–" if value is None else number(value, 2, preferences.numbers, sign=True) + "%"


def day_change(value: Decimal, preferences: Preferences) -> str:
    """Return a change over the last day that says so: `+1.25% in 24h`."""
    return say("{change} in 24h", change=percent(value, preferences))


def clock_time(at: datetime, preferences: Preferences) -> str:
    """Return a time of day in the person's zone, with the zone's short name."""
    return times.clock(at, preferences.zone)


def date_time(at: datetime, preferences: Preferences) -> str:
    """Return date and time in the person's zone: `22 Nov 2026 09:05 UTC`."""
    return times.minute(at, preferences.zone)


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units: `4 min 10 s`, `2 d 3 h`."""
    seconds = int(length.total_seconds())
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2]) or "0 s"


def provenance(quote: Priced, also: Priced | None = None) -> Provenance:
    """Return the last line of a card that shows `quote`; the age is told only when it is abnormal."""
    oldest = quote if also is None or also.at >= quote.at else also
    old = oldest.age > _ABNORMAL or oldest.stale
    return Provenance(source_name(quote.source), oldest.at, int(oldest.age.total_seconds()) if old else None)


def provenance_of(quotes: Sequence[Priced]) -> Provenance:
    """Return the last line of a card that shows several quotes: all their sources, and the oldest time."""
    oldest = provenance(min(quotes, key=lambda quote: quote.at))
    names = sorted({name for quote in quotes for name in quote.source.split(", ")})
    return Provenance(source_name(", ".join(names)), oldest.as_of, oldest.age_seconds)


def source_name(source: str) -> str:
    """Return sources as people know them, named as they ask to be: `Binance, Price data by CoinGecko`."""
    asked = {"coingecko": say("Price data by CoinGecko")}
    return ", ".join(asked.get(each, source_label(each)) for each in source.split(", "))


def source_label(source: str) -> str:
    """Return one source by its bare name, as a label: `CoinGecko`."""
    return {"coingecko": "CoinGecko", "simulated": say("Simulated market")}.get(source, source.capitalize())


def marks(*quotes: Priced) -> tuple[Mark, ...]:
    """Return the labels that the quotes of a card oblige it to carry."""
    found: list[Mark] = []
    if any("simulated" in quote.source.split(", ") for quote in quotes):
        found.append("SIMULATED")
    if any(quote.basis == "replay" for quote in quotes):
        found.append("REPLAY")
    if any(quote.stale for quote in quotes):
        found.append("STALE")
    return tuple(found)


def unit_name(unit: str, symbol: str | None = None) -> str:
    """Return how a currency or coin is written behind a number."""
    return unit.upper() if unit in FIATS else symbol or unit

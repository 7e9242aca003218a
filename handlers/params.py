"""Parameter types: what a word of a command may be, how it is read, and what completes it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, get_args, get_origin

from handlers.model import Request
from handlers.rule_words import complete_rule, is_coin_alone
from services import watchlist
from services.domain import coins as domain
from services.domain.candles import Interval
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.numbers import AmbiguousNumber, NotANumber, parse_duration, parse_number, plain
from services.errors import InvalidInput

_NUMBER = re.compile(r"#?[0-9]{1,6}", re.ASCII)
_GROUPING = re.compile("(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")

Suggestions = tuple[tuple[str, str], ...]
"""What completes a half-typed word: (label, value), best first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one type of argument is read from a word, described, and completed."""

    summary: str  # at most 100 characters: Discord shows it beside the option
    parse: Callable[[str, Request], object]  # may be awaitable
    complete: Callable[[str, Request], Suggestions | Awaitable[Suggestions]] | None = None
    accepts: Callable[[str], bool] = lambda _word: True  # may this word be meant for an optional argument?
    rest: bool = False  # takes the whole rest of the line, spaces and all
    asks: Callable[[str], bool] = lambda _word: False  # given this, a command that may change something only asks back
    numbers: bool = False  # a number by which its owner calls something


def is_number(word: str) -> bool:
    """Say whether a word is a number by which something is called: `12`, `#12`."""
    return _NUMBER.fullmatch(word) is not None


async def _coin(word: str, request: Request) -> domain.Coin:
    return await request.coin(word.strip('"'))


def ungrouped(text: str) -> str:
    """Return `text` without the narrow spaces that group the digits of a number, as cards write them."""
    return _GROUPING.sub("", text)


def _complete_coin(prefix: str, request: Request) -> Suggestions:
    found = request.services.coins.suggest(prefix, 25)
    return tuple((f"{coin.name} ({coin.symbol})", coin.id) for coin in found)


def _fiat(word: str, _request: Request) -> str:
    code = word.lower()
    if code not in FIATS:
        known = ", ".join(FIATS).upper()
        raise InvalidInput(say("«{word}» is not a currency I know. Known: {known}.", word=word[:20], known=known))
    return code


def _complete_fiat(prefix: str, _request: Request) -> Suggestions:
    start = prefix.lower()
    return tuple((f"{code.upper()} {name}", code) for code, name in FIATS.items() if code.startswith(start))


async def _unit(word: str, request: Request) -> str:
    return word.lower() if word.lower() in FIATS else (await _coin(word, request)).id


def _amount(word: str, request: Request) -> Decimal:
    try:
        amount = parse_number(word, request.caller.preferences.numbers)
    except AmbiguousNumber as ambiguous:
        choices = tuple((f"{Decimal(plain(each)):,}", plain(each)) for each in ambiguous.readings)
        raise InvalidInput(say("Which number is «{word}»?", word=word), choices=choices, replaces=word) from None
    except NotANumber:
        raise InvalidInput(say("«{word}» is not a number. Write it like 1.5 or 100k.", word=word[:40])) from None
    return amount


def _number(word: str, _request: Request) -> int:
    if not is_number(word):
        raise InvalidInput(say("«{word}» is not a number. Write it like 12.", word=word[:40]))
    return int(word.lstrip("#"))


def _which(word: str, request: Request) -> int | Literal["all"]:
    return "all" if word.lower() == "all" else _number(word, request)


def _duration(word: str, _request: Request) -> timedelta:
    try:
        return parse_duration(word)
    except NotANumber:
        raise InvalidInput(say("«{word}» is not a time. Write it like 20m, 4h, 3d or 1w.", word=word[:40])) from None


def _words(text: str, _request: Request) -> str:
    return ungrouped(text).strip()


async def _complete_rule(prefix: str, request: Request) -> Suggestions:
    return await complete_rule(prefix, request)


async def _watched(word: str, request: Request) -> domain.Coin | int:
    return int(word.lstrip("#")) if is_number(word) else await _coin(word, request)


async def _complete_watched(prefix: str, request: Request) -> Suggestions:
    listed = await request.services.store.read(lambda tx: watchlist.coins(tx, request.caller.person))
    found = (request.services.coins.coin(each) for each in listed)
    shown = ((f"{coin.name} ({coin.symbol})"[:100], coin.id) for coin in found if coin is not None)
    return tuple(each for each in shown if prefix.casefold() in each[0].casefold())


async def _complete_number(prefix: str, request: Request) -> Suggestions:
    alerts = await request.services.alerts.of(request.caller)
    shown = ((f"#{each.number} {each.rule}"[:100], str(each.number)) for each in alerts)
    return tuple(each for each in shown if prefix.lstrip("#") in each[0])


COIN = Kind("A coin: ticker, name or id", _coin, _complete_coin)
FIAT = Kind("A currency: USD, EUR, …", _fiat, _complete_fiat, accepts=lambda word: word.lower() in FIATS)
AMOUNT = Kind("An amount: 0.5, 100k, 1.5m", _amount)
UNIT = Kind("A coin or a currency", _unit, _complete_coin)
NUMBER = Kind("The alert's number, like 12", _number, _complete_number, numbers=True)
WHICH = Kind("Alert numbers, like 12 or 1 2 3, or all", _which, _complete_number)
WHOSE = Kind("Your own, or those of this chat", lambda word, _request: word)
COUNT = Kind("How many", _number, accepts=lambda word: word.isdigit())
WATCHED = Kind("A coin of your watchlist, or its number there", _watched, _complete_watched)
DURATION = Kind("How long: 20m, 4h, 3d, 1w", _duration, accepts=lambda word: word.lower() != "here")
RULE = Kind("What to wait for: btc > 100k, or eth -5% in 1h", _words, _complete_rule, rest=True, asks=is_coin_alone)
WORDS = Kind("Words", _words, rest=True)

Coin = Annotated[domain.Coin, COIN]
Listed = Annotated[domain.Coin, replace(COIN, accepts=lambda word: word.lower() != "here" and not is_number(word))]
Fiat = Annotated[str, FIAT]
Amount = Annotated[Decimal, AMOUNT]
Unit = Annotated[str, UNIT]
Number = Annotated[int, NUMBER]
Which = Annotated[int | Literal["all"], WHICH]
Whose = Annotated[Literal["mine", "here"], WHOSE]
Count = Annotated[int, COUNT]
Watched = Annotated[domain.Coin | int, WATCHED]
Duration = Annotated[timedelta, DURATION]
Rule = Annotated[str, RULE]
Words = Annotated[str, WORDS]
Bar = Annotated[Interval, Kind("How long one bar is", lambda word, _request: word)]


def kind_of(hint: object) -> Kind:
    """Return how an annotated parameter is read; raise TypeError for a type that no surface can offer."""
    found = [each for each in get_args(hint) if isinstance(each, Kind)] if get_origin(hint) is Annotated else []
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(bare) is Literal:
        summary = found[0].summary if found else "One of: " + ", ".join(map(str, get_args(bare)))
        return _choice(tuple(str(each) for each in get_args(bare)), summary[:100])
    if not found:
        raise TypeError(f"no parameter type stands behind {hint!r}")
    return found[0]


def _choice(choices: tuple[str, ...], summary: str) -> Kind:
    def parse(word: str, _request: Request) -> str:
        lowered = word.lower()
        if lowered not in choices:
            raise InvalidInput(
                say("«{word}» does not fit here. One of: {choices}.", word=word[:40], choices=", ".join(choices))
            )
        return lowered

    return Kind(summary, parse, accepts=lambda word: word.lower() in choices)

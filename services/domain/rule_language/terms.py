"""What follows the conditions: how long, how often, until when, how loud, where to, and the person's own words."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from services.domain.days import parse_day
from services.domain.language import say
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.lines import LineTerms, Until
from services.domain.rule_language.mending import refuse_if_misspelt
from services.domain.rule_language.tokens import Line, Token
from services.domain.rule_language.values import is_value, read_length, read_value
from services.domain.rules import Route, RuleError

SHORTEST_HOLD: Final = timedelta(minutes=1)
LONGEST_HOLD: Final = timedelta(days=7)
LONGEST_EVERY: Final = timedelta(days=30)
LONGEST_WAIT: Final = timedelta(days=5 * 365)
WIDEST_BAND: Final = Decimal(50)  # percent
_LONGEST_NOTE = 64
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]{6})?(?:z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_ROUTES: dict[str, Route] = {"here": "here", "dm": "dm", "telegram": "telegram", "discord": "discord"}
_KINDS = {
    "once": "every", "each": "every", "daily": "every", "till": "until", "to": "here", "silently": "loudness",
    **dict.fromkeys(words.LOUDNESS, "loudness"),
}  # fmt: skip


def read_terms(line: Line) -> LineTerms:
    """Read terms in any order up to the first word that is none; each may come once."""
    terms = LineTerms()
    seen: set[str] = set()
    while (word := line.peek()) in words.TERMS:
        token = line.take()
        kind = _KINDS.get(word, word)
        if kind in seen:
            raise RuleError(say("«{word}» comes on top of another. Keep one of them.", word=token.shown))
        seen.add(kind)
        terms = _read_one(line, token, terms)
        if line.peek() == "and" and line.peek(1) in words.TERMS:
            line.take()
    return terms


def _read_one(line: Line, token: Token, terms: LineTerms) -> LineTerms:
    match token.word:
        case "for":
            terms = replace(terms, hold=_hold(line))
        case "once":
            terms = replace(terms, every=None)
        case "every" | "each":
            terms = replace(terms, every=_every(line))
        case "daily":
            terms = replace(terms, every="daily")
        case "until" | "till":
            terms = replace(terms, until=_until(line))
        case "band":
            terms = replace(terms, band=_band(line))
        case "here":
            terms = replace(terms, route="here")
        case "to":
            terms = replace(terms, route=_route(line))
        case "note":
            terms = replace(terms, note=_note(line))
        case loudness:
            terms = replace(terms, loudness=words.LOUDNESS[loudness])
    return terms


def _hold(line: Line) -> timedelta:
    line.skip(("at", "least"))
    start = line.here
    length = read_length(line)
    if length is None:
        raise RuleError(say("«for» needs a time. Write it like: for 10m."), repair=_with_time(line, start, "10m"))
    if length > LONGEST_HOLD:
        raise RuleError(
            say("A condition is held for 1 minute to 7 days. Write it like: for 10m."),
            repair=line.with_instead(start, line.read, "7d"),
        )
    return length


def _with_time(line: Line, start: int, length: str) -> str:
    if line.token() is None:
        return line.with_instead(line.read, len(line.text), f" {length}")
    return line.with_instead(start, start, f"{length} ")


def _every(line: Line) -> timedelta | Literal["daily"]:
    if line.peek() == "day":
        line.take()
        return "daily"
    start = line.here
    length = read_length(line)
    if length is None:
        raise RuleError(say("«every» needs a time. Write it like: every 4h."), repair=_with_time(line, start, "4h"))
    if length > LONGEST_EVERY:
        raise RuleError(
            say("«every» goes up to 30 days. Write it like: every 4h."),
            repair=line.with_instead(start, line.read, "30d"),
        )
    return length


def _until(line: Line) -> Until:
    token = line.token()
    word = "" if token is None else token.word
    day = parse_day(word)
    if day is not None:
        line.take()
        return day
    if _DATE.fullmatch(word) or _TIME.fullmatch(word):
        line.take()
        return _moment(word)
    length = read_length(line)
    if length is None:
        raise RuleError(say("«until» needs a time or a day. Write it like: until 3d, or until fri."))
    if length > LONGEST_WAIT:
        raise RuleError(say("«until» goes up to 5 years. Write it like: until 3d, or until fri."))
    return length


def _moment(word: str) -> date | datetime:
    try:
        if len(word) == len("2026-11-22"):
            return date.fromisoformat(word)
        return datetime.fromisoformat(word.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RuleError(
            say("«{word}» is no day of the calendar. Write it like: until 2026-12-24.", word=word)
        ) from None


def _band(line: Line) -> Decimal:
    if not is_value(line.peek()):
        raise RuleError(say("«band» needs a percentage. Write it like: band 1%."))
    value = read_value(line)
    if value.unit not in ("", "%") or value.sign is not None or value.number > WIDEST_BAND:
        raise RuleError(
            say("«{word}» is no band: it goes from 0% to 50%. Write it like: band 1%.", word=value.token.shown)
        )
    return value.number


def _route(line: Line) -> Route:
    line.take_if("my", "the", "this")
    token = line.token()
    if token is None or token.word not in _ROUTES:
        raise RuleError(say("«to» needs a place: to here, to dm, to telegram or to discord."))
    line.take()
    return _ROUTES[token.word]


def _note(line: Line) -> str:
    token = line.token()
    note = "" if token is None else token.quoted
    if note is None:  # without quotation marks it is all that is left
        note = " ".join(line.text[line.here :].replace('"', "").split())
        line.at = len(line.tokens)
    elif token is not None:
        line.take()
    if not note or len(note) > _LONGEST_NOTE:
        raise RuleError(say('A note has 1 to 64 characters, like: note "sell half".'))
    return note


def refuse_rest(line: Line) -> None:
    """Raise `RuleError` for the first word that was not read, if there is one."""
    token = line.token()
    if token is None:
        return
    if token.word == ")":
        raise RuleError(
            say("A bracket is closed that was not opened."), repair=line.with_instead(token.start, token.end, "")
        )
    refuse_if_misspelt(line, token, words.TAILS)
    raise RuleError(say("«{word}» is one word too many. Write it like: btc > 100k every 4h.", word=token.shown))

"""The second half of a rule: how often, until when, to whom, and the person's own words."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from services.domain.days import Day, parse_day
from services.domain.language import say
from services.domain.numbers import NotANumber, parse_duration
from services.domain.people import NumberStyle
from services.domain.rules import RuleError, Terms

TERMS = frozenset(("once", "every", "until", "note", "here", "to"))
_SHORTEST_EVERY = timedelta(seconds=60)
_LONGEST_NOTE = 64
_ECHO = 40  # characters of a word that are shown again


@dataclass(slots=True)
class Line:
    """The words still to read, in order, and those that were read."""

    words: list[str]
    style: NumberStyle | None
    taken: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def peek(self) -> str | None:
        """Return the next word in lower case, or None at the end."""
        return self.words[0].lower() if self.words else None

    def take(self) -> str:
        """Read the next word."""
        self.taken.append(self.words.pop(0))
        return self.taken[-1]

    def retold(self, *instead: str) -> str:
        """Return the whole line with `instead` in the place of the word read last."""
        return " ".join([*self.taken[:-1], *instead, *self.words])


def short(word: str) -> str:
    """Return what may be shown again of a word."""
    return word if len(word) <= _ECHO else word[: _ECHO - 1] + "…"


def read_terms(line: Line) -> Terms:
    """Read what is left of a line; raise `RuleError` pointing at the word."""
    terms = Terms()
    while line.words:
        word = line.take().lower()
        match word:
            case "once":
                terms = replace(terms, every=None)
            case "every":
                terms = replace(terms, every=_every(line))
            case "until":
                terms = replace(terms, until=_until(line))
            case "here":
                terms = replace(terms, here=True)
            case "to" if line.peek() in ("here", "dm"):
                terms = replace(terms, here=line.take().lower() == "here")
            case "note":
                terms = replace(terms, note=_note(line))
            case _:
                raise RuleError(
                    say("«{word}» is one word too many. Write it like: btc > 100k every 4h.", word=short(word))
                )
    return terms


def _every(line: Line) -> timedelta:
    try:
        length = parse_duration(line.take() if line.words else "")
    except NotANumber:
        raise RuleError(say("«every» needs a time. Write it like: every 4h.")) from None
    if length < _SHORTEST_EVERY:
        raise RuleError(say("An alert repeats at most once a minute. Write it like: every 4h."))
    return length


def _until(line: Line) -> timedelta | Day:
    word = line.take() if line.words else ""
    day = parse_day(word)
    if day is not None:
        return day
    try:
        return parse_duration(word)
    except NotANumber:
        raise RuleError(say("«until» needs a time or a day. Write it like: until 3d, or until fri.")) from None


def _note(line: Line) -> str:
    words = " ".join(line.words).replace('"', "").strip()
    line.words.clear()
    if not words or len(words) > _LONGEST_NOTE:
        raise RuleError(say('A note has 1 to 64 characters, like: note "sell half".'))
    return words

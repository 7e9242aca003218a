"""Words of a line with their places, and the cursor that reads them."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from services.domain.language import say
from services.domain.people import NumberStyle
from services.domain.rules import Question, RuleError

LONGEST = 512  # characters of a line that are read at all
_TOKEN = re.compile(r'"[^"]*"?|[“”„][^“”]*[“”]?|«[^»]*»?|[<>≥≤][<>=≥≤]*|=[<>]+|[()±]|[^\s<>≥≤±()"“”„«]+')
_QUOTES = '"“”„«'
_CLOSING = {'"': '"', "“": "“”", "”": "“”", "„": "“”", "«": "»"}
_TRAILING = ",;!?:"
_ECHO = 40  # characters of a word that are shown again
_FIRST_GROUP = re.compile(r"\$?[0-9]{1,3}", re.ASCII)
_GROUP = re.compile(r"([0-9]{3})([.,][0-9]+)?%?", re.ASCII)


class Asked(Exception):
    """The line has more than one reading."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark: as written, in lower case with plain digits, and where it stands."""

    text: str
    word: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        """Return what may be shown again of it."""
        return self.text if len(self.text) <= _ECHO else self.text[: _ECHO - 1] + "…"

    @property
    def quoted(self) -> str | None:
        """Return the words between quotation marks, or None for a word without them."""
        if self.text[0] not in _QUOTES:
            return None
        closed = len(self.text) > 1 and self.text[-1] in _CLOSING[self.text[0]]
        return " ".join(self.text[1 : -1 if closed else None].split())


@dataclass(slots=True)
class Line:
    """The words of a line and how far they were read."""

    text: str
    tokens: tuple[Token, ...]
    style: NumberStyle | None
    at: int = 0
    base: int = 0  # where in the text the first coin or value stands

    def token(self, ahead: int = 0) -> Token | None:
        """Return a token further on, or None beyond the end."""
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def peek(self, ahead: int = 0) -> str:
        """Return a word further on in lower case, "" beyond the end."""
        found = self.token(ahead)
        return "" if found is None else found.word

    def take(self) -> Token:
        """Read the next token; there must be one."""
        self.at += 1
        return self.tokens[self.at - 1]

    def skip(self, words: Collection[str]) -> None:
        """Read on over `words`."""
        while self.peek() in words:
            self.at += 1

    def take_if(self, *words: str) -> bool:
        """Read the next word if it is one of these."""
        found = self.peek() in words
        self.at += found
        return found

    @property
    def here(self) -> int:
        """Return where in the text the next token begins."""
        following = self.token()
        return len(self.text) if following is None else following.start

    @property
    def read(self) -> int:
        """Return where in the text the last token ended."""
        return self.tokens[self.at - 1].end if self.at else 0

    def with_instead(self, start: int, end: int, words: str) -> str:
        """Return the whole line from its coin on, with `words` in the place of a part of it."""
        before, after = self.text[self.base : start], self.text[end:]
        if words:
            return (before + words + after).strip()
        return f"{before.rstrip()} {after.lstrip()}".strip()


def read_line(text: str, style: NumberStyle | None) -> Line:
    """Return the words of `text`; raise `RuleError` for one that is too long."""
    if len(text) > LONGEST:
        raise RuleError(say("That is too long for an alert. Write it like: btc > 100k."))
    found = (_token(match) for match in _TOKEN.finditer(text))
    return Line(text, _grouped(tuple(token for token in found if token.text), style), style)


def _token(match: re.Match[str]) -> Token:
    text = match[0]
    if text[0] not in _QUOTES:
        text = text.rstrip(_TRAILING)
        if text.endswith(".") and not text.endswith(".."):
            text = text[:-1]
    return Token(text, digits(text.lower()), match.start(), match.start() + len(text))


def digits(text: str) -> str:
    """Return `text` with the digits of any script as plain ones."""
    return "".join(str(unicodedata.digit(each)) if each.isdecimal() else each for each in text)


def _grouped(tokens: tuple[Token, ...], style: NumberStyle | None) -> tuple[Token, ...]:
    """Join digits grouped by spaces where they can be nothing else, or where the person writes them so."""
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = at + 1
        if _FIRST_GROUP.fullmatch(tokens[at].word):
            while end < len(tokens) and _GROUP.fullmatch(tokens[end].word):
                end += 1
        run = tokens[at:end]
        if len(run) > 1 and (style == "1 234.56" or any(each.word[0] == "0" for each in run[1:])):
            made.append(Token("".join(t.text for t in run), "".join(t.word for t in run), run[0].start, run[-1].end))
            at = end
        else:
            made.append(tokens[at])
            at += 1
    return tuple(made)

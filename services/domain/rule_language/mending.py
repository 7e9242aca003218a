"""Errors that point at a word, and the mended line where one is near."""

from collections.abc import Sequence

from rapidfuzz.distance import OSA

from services.domain.language import say
from services.domain.rule_language.tokens import Line, Token
from services.domain.rules import RuleError

_SHORTEST = 4  # letters; shorter words are near to too many


def nearest(word: str, meant: Sequence[str]) -> str | None:
    """Return the one of `meant` that is one slip away from `word`, or None."""
    if len(word) < _SHORTEST or not word.isalpha():
        return None
    return next((each for each in meant if each != word and OSA.distance(word, each, score_cutoff=1) <= 1), None)


def refuse_if_misspelt(line: Line, token: Token, meant: Sequence[str]) -> None:
    """Raise `RuleError` where the word is a slip of the pen for one of `meant`."""
    near = nearest(token.word, meant)
    if near is not None:
        raise RuleError(
            say("«{word}» is not a word of alerts. Did you mean «{near}»?", word=token.shown, near=near),
            repair=line.with_instead(token.start, token.end, near),
        )


def missing_window(line: Line, at: int, window: str) -> RuleError:
    """Return what to say where a time should stand; `at` is the place in the text for it."""
    return RuleError(
        say("Within which time? Add it like: in {window}.", window=window),
        repair=line.with_instead(at, at, f" in {window}"),
    )

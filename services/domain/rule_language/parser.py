"""Read one line of the rule language. Pure: what needs a price or a coin list is decided by `binding`."""

from services.domain.language import say
from services.domain.people import NumberStyle
from services.domain.rule_language import vocabulary as words
from services.domain.rule_language.expressions import read_expressions
from services.domain.rule_language.lines import RuleLine
from services.domain.rule_language.terms import read_terms, refuse_rest
from services.domain.rule_language.tokens import Asked, Line, read_line
from services.domain.rules import Question, RuleError

_MOST_REPAIRS = 3


def parse_rule(text: str, style: NumberStyle | None = None) -> RuleLine | Question:
    """Return what `text` asks for, or the question to ask back; raise `RuleError` pointing at the word.

    `style` None means the person has not said how they write numbers. Each answer of a question, and each repair of
    an error, is a line that has a reading or is asked back itself.
    """
    try:
        return _read(text, style)
    except Asked as asked:
        return _answerable(asked.question, style)
    except RuleError as error:
        raise RuleError(str(error), repair=_mended(error.repair, style)) from None


def _read(text: str, style: NumberStyle | None) -> RuleLine:
    line = read_line(text, style)
    expressions = read_expressions(line)
    conditions_end = line.read
    terms = read_terms(line)
    _refuse_late_condition(line, conditions_end)
    refuse_rest(line)
    return RuleLine(expressions, terms)


def _refuse_late_condition(line: Line, conditions_end: int) -> None:
    token = line.token()
    if token is None or token.word not in words.JOINERS:
        return
    terms = line.text[conditions_end : token.start].strip()
    joined = f"{line.text[line.base : conditions_end].strip()} {line.text[token.start :].strip()} {terms}"
    raise RuleError(
        say("«{word}» comes after «{terms}». Conditions stand first.", word=token.shown, terms=terms[:40]),
        repair=joined,
    )


def _mended(repair: str | None, style: NumberStyle | None) -> str | None:
    """Return a repair that reads, mended again where the line has more than one slip."""
    for _ in range(_MOST_REPAIRS):
        if repair is None:
            return None
        try:
            _read(repair, style)
        except Asked as asked:
            return repair if any(_has_reading(each, style) for _, each in asked.question.answers) else None
        except RuleError as error:
            repair = error.repair if error.repair != repair else None
        else:
            return repair
    return None


def _has_reading(text: str, style: NumberStyle | None) -> bool:
    try:
        _read(text, style)
    except Asked:
        return True
    except RuleError:
        return False
    return True


def _answerable(question: Question, style: NumberStyle | None) -> Question | RuleLine:
    """Leave out answers that would be refused; what has one reading left is read so."""
    kept = tuple((label, line) for label, each in question.answers if (line := _mended(each, style)) is not None)
    if len(kept) > 1:
        return Question(question.text, kept)
    return parse_rule(kept[0][1] if kept else question.answers[0][1], style)

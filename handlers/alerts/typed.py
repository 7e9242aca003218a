"""What a button adds to a line that was typed: the number that was meant."""

import re
from dataclasses import replace
from decimal import Decimal

from handlers.alerts import cards
from handlers.model import Change, Reply, Request
from services.domain.alerts import Alert
from services.domain.language import say
from services.domain.numbers import plain, readings, style_of, write_duration
from services.domain.people import NumberStyle
from services.domain.rule_language import TERMS
from services.domain.rules import Condition
from services.rules import Ask
from services.tx import Tx

_NOTE = re.compile(r"(?<!\S)note(?!\S)", re.IGNORECASE)
_WORD = re.compile(r"[<>]=|=[<>]|[<>≥≤]|[^\s<>≥≤]+")
_OPS = frozenset((">", "<", ">=", "<=", "=>", "=<", "≥", "≤", "above", "below", "over", "under", "to"))
_NUMBER = re.compile(r"(?<![\w=.,])[0-9][0-9.,_]*(?:k|m|bn|b)?(?![\w.,=-])", re.IGNORECASE)
_CHOSEN = re.compile(r"(?<![\w=.,])([0-9][0-9.,_]*(?:k|m|bn|b)?)=([0-9]+(?:\.[0-9]+)?)(?![\w.-])", re.IGNORECASE)


def parted(rule: str) -> tuple[str, str]:
    """Return a rule without its note, and the note: the person's own words are read by nobody."""
    found = _NOTE.search(rule)
    return (rule, "") if found is None else (rule[: found.start()], rule[found.start() :])


def with_choice(request: Request, rule: str) -> tuple[Request, str, NumberStyle | None]:
    """Read `100.000=100000`, the answer to which number was meant.

    Return the request and the rule as they read with the answer, and the number style that it tells.
    """
    head, note = parted(rule)
    styles: list[NumberStyle | None] = []

    def meant(found: re.Match[str]) -> str:
        style = style_of(found[1], Decimal(found[2]))
        styles.append(style)
        return found[0] if style is None else found[2]

    rule = _CHOSEN.sub(meant, head) + note
    style = next((each for each in styles if each is not None), None)
    return (request if style is None else _writing(request, style)), rule, style


def _writing(request: Request, style: NumberStyle) -> Request:
    preferences = replace(request.caller.preferences, numbers=style)
    return replace(request, caller=replace(request.caller, preferences=preferences))


def remember(tx: Tx, request: Request, style: NumberStyle | None) -> tuple[str, ...]:
    """Store a number style that was told by an answer, and return what to say of it."""
    if style is None:
        return ()
    request.services.callers.prefer(tx, request.caller, "numbers", style)
    return (say("Numbers are read like {style} from now on; /settings numbers changes it.", style=style),)


def with_level(found: Alert, rule: str) -> str | None:
    """Return the whole rule where only a level was typed (`160k`, `> 160k`, `-7%`), with the rest as it was."""
    head, note = parted(rule)
    if not isinstance(found.expression, Condition):
        return None
    words = _WORD.findall(head)
    op = words.pop(0) if words and words[0].lower() in _OPS else ""
    if not words or not readings(words[0].strip("$").removesuffix("%").lstrip("+-−±")):
        return None
    level, *rest = words
    body = _move(found.condition, level, rest) if found.condition.metric.window else ""
    if not body:
        body = _price(found.condition, op, level, rest)
    if found.every is not None and not {"every", "once", "daily"} & {word.lower() for word in rest}:
        rest.append("daily" if found.every == "daily" else f"every {write_duration(found.every)}")
    if not note and found.note:
        note = f'note "{found.note}"'
    return " ".join((body, *rest, note)).strip()


def _price(condition: Condition, op: str, level: str, rest: list[str]) -> str:
    named = rest and rest[0].lower() not in TERMS and rest[0].isalpha()
    unit = "" if named or level.endswith("%") else f" {condition.metric.quote}"
    # Up and down come from the side where the price is now, as a level alone does when it is first typed.
    kept = {"above": ">", "below": "<", "cross_up": "crosses", "cross_down": "crosses"}.get(condition.op, "")
    chosen = "" if op.lower() == "to" else op
    return " ".join(part for part in (condition.metric.base, chosen or kept, f"{level}{unit}") if part)


def _move(condition: Condition, level: str, rest: list[str]) -> str:
    metric = condition.metric
    assert metric.window is not None
    sign = "" if level[0] in "+-−±" else {"drop": "-", "rise": "+"}.get(metric.name, "±")
    within = "" if rest and rest[0].lower() in ("in", "within") else f" in {write_duration(metric.window)}"
    return f"{metric.base} {sign}{level.removesuffix('%')}%{within}"


def asked(
    request: Request, asking: Ask, command: str, rule: str, style: NumberStyle | None
) -> Reply[object] | Change[object]:
    """Return a question; a number style that an answer before it told is stored all the same."""
    asking = _with_styles(asking, rule)
    if style is None:
        return cards.question(asking, command)
    return Change(lambda tx: cards.question(asking, command, remember(tx, request, style)))


def _with_styles(asking: Ask, rule: str) -> Ask:
    """Have each answer about a number say what was written and what was meant, so that the style can be learned."""
    head, note = parted(rule)
    labels = tuple(label for label, _ in asking.question.answers)
    for found in _NUMBER.finditer(head):
        possible = tuple(plain(each) for each in readings(found[0]))
        if len(possible) > 1 and labels == tuple(f"{Decimal(each):,f}" for each in possible):
            lines = (f"{head[: found.end()]}={each}{head[found.end() :]}{note}" for each in possible)
            return Ask(replace(asking.question, answers=tuple(zip(labels, lines, strict=True))))
    return asking

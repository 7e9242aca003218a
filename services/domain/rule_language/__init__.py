"""The rule language: what a line says, its canonical text, and the rule it becomes."""

from services.domain.rule_language.binding import Surroundings, ValueUnknown, bind, coin_words
from services.domain.rule_language.lines import (
    LineAll,
    LineAny,
    LineCondition,
    LineExpression,
    LineTerms,
    RuleLine,
    Until,
    line_conditions,
)
from services.domain.rule_language.parser import parse_rule
from services.domain.rule_language.tokens import LONGEST
from services.domain.rule_language.vocabulary import TERMS
from services.domain.rule_language.writing import as_range, format_rule

__all__ = [
    "LONGEST",
    "TERMS",
    "LineAll",
    "LineAny",
    "LineCondition",
    "LineExpression",
    "LineTerms",
    "RuleLine",
    "Surroundings",
    "Until",
    "ValueUnknown",
    "as_range",
    "bind",
    "coin_words",
    "format_rule",
    "line_conditions",
    "parse_rule",
]

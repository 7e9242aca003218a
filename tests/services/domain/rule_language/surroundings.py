"""What the tests' lines leave open: a small market, a Sunday noon, a person who counts in euros."""

from datetime import UTC, datetime
from decimal import Decimal

from services.domain.metrics import Metric
from services.domain.rule_language import Surroundings, bind, format_rule, parse_rule
from services.domain.rules import Question

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_IDS = {"btc": "bitcoin", "eth": "ethereum", "sol": "solana", "link": "chainlink", "doge": "dogecoin"}


def coin(word: str) -> str:
    chosen = word.lower().partition("=")[2]
    plain = word.lower().removeprefix("$")
    return chosen or _IDS.get(plain, plain)


def value(metric: Metric) -> Decimal:
    return {"price": Decimal(98_000), "rsi": Decimal(50), "ratio": Decimal("0.9")}.get(metric.name, Decimal(0))


EUROS = Surroundings(coin, value, "eur", NOON, "Europe/Berlin")


def meaning(line: str) -> tuple[str, ...]:
    """Return the canonical text of each rule that a line stands for, or the lines that it is asked back with."""
    found = parse_rule(line)
    if isinstance(found, Question):
        return tuple(f"? {answer}" for _, answer in found.answers)
    return tuple(format_rule(rule) for rule in bind(found, EUROS))


def rows(*tables: str) -> list[tuple[str, ...]]:
    """Return the cells of tables with a row in each line and ` | ` between the cells."""
    lines = (row for table in tables for row in table.strip("\n").splitlines())
    return [tuple(each.strip() for each in row.split(" | ")) for row in lines]

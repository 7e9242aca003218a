"""What a benchmark prints: one line of JSON with its figures, a reference from the same run, and the goal."""

import json
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import quantiles
from typing import Literal

Figures = Mapping[str, float]
_CENT = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """What one figure must reach, or must not exceed."""

    figure: str
    sign: Literal["<=", ">="]
    value: float

    def is_met(self, figures: Figures) -> bool:
        """Say whether the figure keeps to it."""
        measured = figures[self.figure]
        return measured <= self.value if self.sign == "<=" else measured >= self.value

    def __str__(self) -> str:
        return f"{self.sign} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's result. `count` is how often the thing was done, `libraries` what was measured besides Python."""

    name: str
    count: int
    figures: Figures
    reference: Figures
    goal: tuple[Limit, ...]
    libraries: tuple[str, ...]

    def line(self) -> str:
        """Return it as one line of JSON."""
        missed = [limit.figure for limit in self.goal if not limit.is_met(self.figures)]
        return json.dumps(
            {
                "name": self.name,
                "n": self.count,
                "figures": _rounded(self.figures),
                "reference": _rounded(self.reference),
                "goal": {"met": not missed, "missed": missed, "limits": {each.figure: str(each) for each in self.goal}},
                "versions": _versions(self.libraries),
            }
        )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of at least one value."""
    return quantiles(values, n=_CENT, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in figures.items()}


def _versions(libraries: tuple[str, ...]) -> dict[str, str]:
    own = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return own | {name: version(name) for name in libraries}

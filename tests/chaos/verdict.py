"""What a scenario is, and the one line of JSON in which it says whether a promise was kept."""

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Figures = Mapping[str, float]
_SHOWN = 10  # breaches named in the line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was counted, and every breach of the promise in words."""

    figures: Figures
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One promise and how it is put to the test: `run(seed, count, empty folder)`, `count` times what `unit` says."""

    name: str
    code: str  # in the specification's table
    unit: str
    count: int
    promise: str
    run: Callable[[int, int, Path], Coroutine[object, object, Verdict]]

    def line(self, seed: int, count: int, seconds: float, verdict: Verdict) -> str:
        """Return the verdict as one line of JSON."""
        figures = {name: float(f"{value:.4g}") for name, value in verdict.figures.items()}
        return json.dumps(
            {
                "name": self.name, "code": self.code, "seed": seed, self.unit: count, "promise": self.promise,
                "kept": not verdict.broken, "figures": figures, "seconds": round(seconds, 1),
                "broken": list(verdict.broken[:_SHOWN]), "breaches": len(verdict.broken),
            },
            ensure_ascii=False,
        )  # fmt: skip


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of a hundred do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0

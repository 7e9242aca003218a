"""Every benchmark runs and prints its line; how fast anything is, is nobody's test."""

import subprocess
import sys

import msgspec
import pytest

from tests.benchmarks.report import Limit, Report, percentile
from tests.documents import ROOT

FIGURES = {
    "commands": {"rate_per_s", "p50_ms", "p99_ms", "unloaded_p50_ms", "times_reference"},
    "start": {"ready_s", "first_ready_s", "peak_mib", "version_ms"},
    "e2e": {"p50_ms", "p99_ms", "alerts", "times_reference"},
    "match": {"first_ms", "last_ms", "rate_per_s", "share_of_bare"},
    "outbox": {"owed_per_s", "owed_many_per_s", "take_ratio"},
    "tick": {"p50_us", "p99_us", "times_naive", "match_1000_ms", "match_100000_ms", "exponent_n", "exponent_k"},
    "mem": {"bytes_per_alert", "process_mib"},
    "churn": {"add_p99_us", "remove_p99_us", "one_level_add_p99_us", "one_level_remove_p99_us", "durable_p99_ms"},
    "recover": {"ready_s", "peak_mib", "times_faster"},
    "chart": {"cold_ms", "warm_p50_ms", "cached_p50_ms", "loop_lag_most_ms", "bytes"},
}


class Goal(msgspec.Struct, forbid_unknown_fields=True):
    met: bool
    missed: list[str]
    limits: dict[str, str]


class Line(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    n: int
    figures: dict[str, float]
    reference: dict[str, float]
    goal: Goal
    versions: dict[str, str]


@pytest.mark.process
@pytest.mark.parametrize("name", FIGURES)
def test_a_benchmark_prints_one_line_with_a_reference(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", name, "--count", "3", "--alerts", "60", "--symbols", "3"],
        capture_output=True, text=True, check=True, timeout=120, cwd=ROOT,
    )  # fmt: skip
    printed = ran.stdout.splitlines()
    assert len(printed) == 1
    line = msgspec.json.decode(printed[0], type=Line)
    assert (line.name, line.n) == (name, 3)
    assert FIGURES[name] <= line.figures.keys()
    assert line.reference
    assert line.goal.limits.keys() <= line.figures.keys()
    assert line.goal.met is not bool(line.goal.missed)
    assert {"python", "sqlite"} < line.versions.keys()
    sizes = [value for name, value in (line.figures | line.reference).items() if "exponent" not in name]
    assert min(sizes) > 0


def test_a_goal_is_met_at_its_limit_and_missed_beyond() -> None:
    goal = (Limit("fast_ms", "<=", 3), Limit("rate", ">=", 1000))
    met = Report("x", 1, {"fast_ms": 3.0, "rate": 1000.0}, {"rate": 10.0}, goal, ())
    missed = Report("x", 1, {"fast_ms": 3.1, "rate": 999.0}, {"rate": 10.0}, goal, ())
    assert msgspec.json.decode(met.line(), type=Line).goal == Goal(
        met=True, missed=[], limits={"fast_ms": "<= 3", "rate": ">= 1000"}
    )
    assert msgspec.json.decode(missed.line(), type=Line).goal.missed == ["fast_ms", "rate"]


def test_percentiles() -> None:
    hundred = [float(value) for value in range(101)]
    assert (percentile(hundred, 99), percentile(hundred, 50), percentile([7.0], 99)) == (99.0, 50.0, 7.0)

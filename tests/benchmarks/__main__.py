"""`python -m tests.benchmarks NAME`: run one benchmark, or `all` of them, and print a line of JSON each."""

import argparse
import sys
from collections.abc import Sequence

import structlog

from tests.benchmarks.report import Report

NAMES = ("commands", "start", "e2e", "chart")


def main(arguments: Sequence[str]) -> None:
    """Read the arguments, run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", nargs="?", default="all", choices=(*NAMES, "all"))
    parser.add_argument("--count", type=int, help="how often the thing is done")
    parser.add_argument("--alerts", type=int, default=10_000, help="how many alerts are stored, for e2e")
    given = parser.parse_args(arguments)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the lines of JSON stand alone
    for name in NAMES if given.name == "all" else (given.name,):
        sys.stdout.write(f"{measured(name, given.count, given.alerts).line()}\n")
        sys.stdout.flush()


def measured(name: str, count: int | None, alerts: int) -> Report:
    """Run one benchmark; without a count as often as its goal asks. Only what is measured is loaded."""
    match name:
        case "commands":
            from tests.benchmarks import commands

            return commands.run(count or commands.COUNT)
        case "start":
            from tests.benchmarks import start

            return start.run(count or start.COUNT)
        case "e2e":
            from tests.benchmarks import e2e

            return e2e.run(count or e2e.COUNT, alerts)
        case _:
            from tests.benchmarks import chart

            return chart.run(count or chart.COUNT)


if __name__ == "__main__":
    main(sys.argv[1:])

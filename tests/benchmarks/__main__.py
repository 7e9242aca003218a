"""`python -m tests.benchmarks NAME`: run one benchmark, or `all` of them, and print a line of JSON each."""

import argparse
import sys
from collections.abc import Sequence

import structlog

from tests.benchmarks.report import Report

NAMES = ("commands", "start", "e2e", "match", "fanout", "outbox", "chart", "tick", "mem", "churn", "recover")


def main(arguments: Sequence[str]) -> None:
    """Read the arguments, run and print."""
    given = _parser().parse_args(arguments)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the lines of JSON stand alone
    names = NAMES if given.name == "all" else (given.name,)
    if names == ("e2e",) and (given.match or 1) > 1:
        names, given.count = ("match",), given.match
    for name in names:
        sys.stdout.write(f"{measured(name, given).line()}\n")
        sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", nargs="?", default="all", choices=(*NAMES, "all"))
    parser.add_argument("--count", "--k", type=_whole, help="how often the thing is done, or how many are told")
    parser.add_argument("--alerts", type=_whole, help="how many alerts there are; 1e6 is a million")
    parser.add_argument("--symbols", type=_whole, default=500, help="how many coins they wait for")
    parser.add_argument(
        "--match", type=_whole, help="for tick: only with so many matches, 0 for none; for e2e: so many at once"
    )
    parser.add_argument("--no-limit", action="store_true", help="for e2e: without the platform's limits; always so")
    parser.add_argument("--scale", action="store_true", help="for tick: only its growth with the number of alerts")
    parser.add_argument("--ref", choices=("naive", "orm"), help="what each is measured beside; always measured")
    parser.add_argument("--db", choices=("sqlite",), default="sqlite", help="for recover: the kind of store")
    return parser


def _whole(text: str) -> int:
    return int(float(text))


def measured(name: str, given: argparse.Namespace) -> Report:
    """Run one benchmark; without a count as often as its goal asks. Only what is measured is loaded."""
    count: int | None = given.count
    alerts: int | None = given.alerts
    match name:
        case "commands":
            from tests.benchmarks import commands

            return commands.run(count or commands.COUNT)
        case "start":
            from tests.benchmarks import start

            return start.run(count or start.COUNT)
        case "e2e":
            from tests.benchmarks import e2e

            return e2e.run(count or e2e.COUNT, alerts or e2e.ALERTS)
        case "match":
            from tests.benchmarks import fanout

            return fanout.unpaced(count or fanout.MATCHES, alerts or fanout.ALERTS)
        case "fanout":
            from tests.benchmarks import fanout

            return fanout.paced(count or fanout.COUNT)
        case "outbox":
            from tests.benchmarks import outbox

            return outbox.run(count or outbox.COUNT)
        case "chart":
            from tests.benchmarks import chart

            return chart.run(count or chart.COUNT)
        case _:
            return _of_many(name, given)


def _of_many(name: str, given: argparse.Namespace) -> Report:
    count: int | None = given.count
    alerts: int | None = given.alerts
    symbols: int = given.symbols
    match name:
        case "tick":
            from tests.benchmarks import tick

            return tick.run(count or tick.COUNT, alerts or tick.ALERTS, symbols, given.match, scale=given.scale)
        case "mem":
            from tests.benchmarks import mem

            return mem.run(count or mem.COUNT, alerts or mem.ALERTS, symbols)
        case "churn":
            from tests.benchmarks import churn

            return churn.run(count or churn.COUNT, alerts or churn.ALERTS, symbols)
        case _:
            from tests.benchmarks import recover

            return recover.run(count or recover.COUNT, alerts or recover.ALERTS, symbols)


if __name__ == "__main__":
    main(sys.argv[1:])

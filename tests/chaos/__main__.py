"""`python -m tests.chaos NAME [--seed N]`: put one promise to the test, or `all` of them; a line of JSON each.

The exit status is 1 when a promise was broken. `replay --seed N` does `all` of them again with that seed.
"""

import argparse
import asyncio
import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import structlog

from tests.chaos import (
    bans,
    burst,
    clocks,
    damage,
    failpoints,
    fanout,
    full,
    inbound,
    incidents,
    kills,
    presses,
    refusals,
    stops,
)
from tests.chaos.verdict import Scenario


def _power() -> tuple[Scenario, ...]:
    """Return the power cuts, where the library that records what is written is installed."""
    if find_spec("apsw") is None:
        return ()
    from tests.chaos import power

    return (power.SCENARIO,)


SCENARIOS = (
    tuple(
        each.SCENARIO
        for each in (
            kills,
            failpoints,
            stops,
            damage,
            full,
            fanout,
            bans,
            inbound,
            presses,
            clocks,
            incidents,
            refusals,
            burst,
        )
    )
    + _power()
)


def main(arguments: Sequence[str]) -> int:
    """Read the arguments, run, print, and return the exit status."""
    named = {name: each for each in SCENARIOS for name in (each.name, each.code)}
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("name", choices=(*named, "all", "replay"))
    parser.add_argument("--seed", type=int, help="what chance does; printed with every result")
    parser.add_argument("--count", type=int, help="how many times, where one scenario is named")
    parser.add_argument("--kills", type=int, help="how many kills, among all of them")
    given = parser.parse_args(arguments)
    if given.name == "replay" and given.seed is None:
        parser.error("replay needs --seed")
    structlog.configure(  # the lines of JSON stand alone
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every life of the process compiles its libraries anew
    chosen = SCENARIOS if given.name in ("all", "replay") else (named[given.name],)
    counts = {each.name: given.count for each in chosen if len(chosen) == 1} | {"kills": given.kills or given.count}
    kept = [
        _is_kept(each, given.seed, counts.get(each.name)) for each in chosen
    ]  # all of them, whatever the first says
    return int(not all(kept))


def _is_kept(scenario: Scenario, given_seed: int | None, given_count: int | None) -> bool:
    seed = secrets.randbits(32) if given_seed is None else given_seed
    count = given_count or scenario.count
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="flowbell-chaos-") as folder:
        verdict = asyncio.run(scenario.run(seed, count, Path(folder)))
    sys.stdout.write(f"{scenario.line(seed, count, monotonic() - began, verdict)}\n")
    sys.stdout.flush()
    return not verdict.broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

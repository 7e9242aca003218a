"""A slice of every scenario that needs no process, and of two that do; `make chaos` runs them whole."""

from pathlib import Path

import pytest

from tests.chaos import bans, clocks, damage, full, inbound, incidents, kills, presses, stops
from tests.chaos.verdict import Scenario

SEED = 1


@pytest.mark.parametrize(
    ("scenario", "count"),
    [(full.SCENARIO, 3), (bans.SCENARIO, 200), (presses.SCENARIO, 40), (clocks.SCENARIO, 20), (incidents.SCENARIO, 40)],
    ids=lambda each: getattr(each, "name", str(each)),
)
async def test_the_promise_is_kept(scenario: Scenario, count: int, tmp_path: Path) -> None:
    assert (await scenario.run(SEED, count, tmp_path)).broken == ()


@pytest.mark.process
@pytest.mark.parametrize(
    ("scenario", "count"),
    [(kills.SCENARIO, 3), (stops.SCENARIO, 1), (inbound.SCENARIO, 100), (damage.SCENARIO, 51)],
    ids=lambda each: getattr(each, "name", str(each)),
)
async def test_the_promise_is_kept_by_the_process(scenario: Scenario, count: int, tmp_path: Path) -> None:
    assert (await scenario.run(SEED, count, tmp_path)).broken == ()

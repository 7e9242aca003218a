"""A slice of the power cuts, where the library that records them is installed."""

from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="apsw is not installed")


async def test_what_was_committed_survives_a_power_cut(tmp_path: Path) -> None:
    from tests.chaos import power

    verdict = await power.run(1, 60, tmp_path)
    assert verdict.broken == ()
    assert verdict.figures["commits"] == 120

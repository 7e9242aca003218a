"""The replay against real recordings, read a second time by the test itself."""

import gzip
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from services.sources.replay import observations, open_recordings

REAL = os.environ.get("TEST_DATA_DIR")


@pytest.mark.skipif(REAL is None, reason="TEST_DATA_DIR is not set: no real recordings on this machine")
def test_a_real_month_is_read_as_it_was_recorded() -> None:
    (path,) = Path(REAL or "").rglob("BTCUSDT_1m_2025-03.csv.gz")
    lines = [line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]
    above = next(line[0] for line in lines if float(line[2]) > 94_000)
    below = next(line[0] for line in lines if float(line[3]) < 78_000)
    samples = list(observations(open_recordings([path])))
    assert len(samples) == 4 * len(lines) == 4 * 44_640
    assert f"{next(s.at for s in samples if s.price > 94_000):%Y-%m-%d %H:%M:%S}" == above
    assert f"{next(s.at for s in samples if s.price < 78_000):%Y-%m-%d %H:%M:%S}" == below
    assert (min(s.price for s in samples), max(s.price for s in samples)) == (Decimal("76606.0"), Decimal("95000.0"))


@pytest.mark.skipif(REAL is None, reason="TEST_DATA_DIR is not set: no real recordings on this machine")
def test_real_daily_klines_keep_their_last_open_candle_unless_told_when_they_were_recorded() -> None:
    (path,) = Path(REAL or "").rglob("BTCUSDT_binance_1d.klines.json.gz")
    rows = json.loads(gzip.decompress(path.read_bytes()))
    recordings = open_recordings([path])
    assert len(list(observations(recordings))) == 4 * len(rows)
    noon = datetime.fromtimestamp(rows[-1][0] / 1000 + 43_200, UTC)
    assert len(list(observations(recordings, until=noon))) == 4 * (len(rows) - 1)
    highs = {
        sample.at.date().isoformat(): sample.price for sample in observations(recordings) if sample.price > 123_000
    }
    assert highs["2025-07-14"] == Decimal("123218.00000000")

"""`flowbell demo` without a terminal: price, chart, and an alert that outlives the process that fired it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
_EVENT = re.compile(r"^\s*Alert #\d+\s+[0-9A-Z]{6}$", re.MULTILINE)


def test_the_tour_ends_well_and_tells_its_alert_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--data", str(tmp_path)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"BTC\s+\$[\d,]+\.\d\d", done.stdout)
    (picture,) = re.findall(r"^\s*Chart: (.+\.png)$", done.stdout, re.MULTILINE)
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    assert "The process is dead (signal 9)." in done.stdout
    before, after = done.stdout.split("3. Start again")
    assert not _EVENT.search(before)
    assert len(_EVENT.findall(after)) == 1
    assert done.stderr == ""

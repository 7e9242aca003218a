"""`python -m tests.benchmarks.held KIND ALERTS SYMBOLS`: print by how many bytes this process grows with alerts."""

import gc
import re
import sys
from pathlib import Path

from services.domain.matcher import Levels, loaded
from tests.benchmarks import synthetic

_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


def _resident() -> int:
    gc.collect()
    found = _RESIDENT.search(Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) * 1024


def main(kind: str, alerts: int, symbols: int) -> None:
    """Hold alerts as the bot does, or as dicts, and print what they take."""
    loaded(Levels([(0, "warm", "up", 1.0)]))  # numpy is the process's, not the alerts'
    before = _resident()
    if kind == "matcher":
        matcher = loaded(synthetic.levels(alerts, symbols))
        held = len(matcher)
    else:
        dicts = synthetic.plain(synthetic.each(alerts, symbols))
        held = len(dicts)
    assert held == alerts
    sys.stdout.write(f"{max(_resident() - before, 1)}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

"""Make a store in a folder, killed before a chosen line of our own code: `python -m … folder`.

Each line that runs is one fork of this process, which dies there by SIGKILL; what it leaves behind is reported.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from types import FrameType

from services.store import files

_MOST_LINES = 1_000


def _create_until(path: Path, line: int) -> None:
    lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal lines
        del argument
        if frame.f_code.co_filename != files.__file__:
            return None
        lines += event == "line"
        if lines == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]  # typed as recursive there
    files.create(path)
    sys.settrace(None)


def _state(path: Path) -> str:
    if not files.exists(path):
        return "nothing"
    connection = sqlite3.connect(path)
    tables = len(connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall())
    connection.close()
    return f"version {files.version_of(path)} with {tables} tables"


def main(folder: Path) -> None:
    """Print what is left after each kill, and at last how the undisturbed creation after all of them went."""
    os.umask(0o077)
    path = folder / "flowbell.sqlite"
    for line in range(1, _MOST_LINES):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _create_until(path, line)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {_state(path)}\n")
        if status == 0:
            break
        path.unlink(missing_ok=True)
    sys.stdout.write(" ".join(sorted(each.name for each in folder.iterdir())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The command line as a shell meets it: nothing half understood, nothing promised that is not kept, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

_ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBELL_")}


def flowbell(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False, env=_ENVIRON
    )  # fmt: skip


def asked(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return flowbell("ask", line, "--simulated", "--data", str(folder))


def test_an_alert_that_nothing_would_keep_is_refused() -> None:
    done = flowbell("ask", "/alert btc > 900k", "--simulated")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Nothing is kept here, so nothing can be changed. Name a folder with --data.\n"


def test_blanks_do_not_shorten_a_number(tmp_path: Path) -> None:
    assert "BTC is above $170,000." in asked("/alert btc >" + " " * 500 + "170000", tmp_path).stdout


def test_a_line_that_is_too_long_is_refused_not_cut(tmp_path: Path) -> None:
    done = asked("/price " + "btc " * 200, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "That is too long. A command has at most 512 characters.\n"


def test_digits_grouped_by_spaces_are_one_number(tmp_path: Path) -> None:
    assert "BTC is above $150,000." in asked("/alert btc > 150 000", tmp_path).stdout
    assert asked("/settings numbers 1 234.56", tmp_path).returncode == 0
    assert "1\u202f234\u202f567" in asked("/alert btc 1 234 567", tmp_path).stdout


def test_marks_that_nobody_sees_are_no_part_of_a_word(tmp_path: Path) -> None:
    assert "BTC is above $150,000." in asked("/alert b\u200btc >\u200b 150k\u2066", tmp_path).stdout


def test_a_simulated_store_does_not_go_live(tmp_path: Path) -> None:
    assert asked("/alert btc > 900k", tmp_path).returncode == 0
    done = flowbell("ask", "/alerts", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (65, "")
    assert "belong to a simulated market, not a live one" in done.stderr


def test_nothing_asked_is_no_success() -> None:
    assert flowbell("ask", "  ", "--simulated").returncode == 2


def test_a_folder_without_a_name_is_refused(tmp_path: Path) -> None:
    done = flowbell("ask", "/price btc", "--simulated", "--data", "")
    assert done.returncode == 2
    assert "The name of the folder is empty." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    script = f'yes /help | head -n 300 | "{sys.executable}" -m bot console --simulated --data "{tmp_path}" | head -n 1'
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=False, env=_ENVIRON
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_a_closed_output_is_no_traceback() -> None:
    script = f'"{sys.executable}" -m bot ask /help --simulated >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=False, env=_ENVIRON
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_forgotten_person_leaves_no_line_and_no_picture(tmp_path: Path) -> None:
    history = tmp_path / "console_history"
    flowbell("console", "--simulated", "--data", str(tmp_path), stdin="chart btc\n")
    history.write_text("+mysecretnote\n")
    done = flowbell("console", "--simulated", "--data", str(tmp_path), stdin="/forget yes\n")
    assert "You are forgotten" in done.stdout
    assert not history.exists()
    assert not (tmp_path / "charts").exists()

"""The borders between layers: each is shown to break when somebody crosses it."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from handlers.catalogue import COMMANDS
from tests.documents import ROOT

CROSSINGS = {
    "layers": ("services/clock.py", "import handlers.model"),
    "platforms": ("bot/platforms/discord/__init__.py", "import bot.platforms.telegram"),
    "libraries-of-platforms": ("services/outbox.py", "import telegram"),
    "handlers": ("handlers/prices.py", "import services.store.people"),
    "features": ("handlers/prices.py", "from handlers import market"),
    "services": ("services/feed.py", "import services.market"),
    "sources": ("services/candles.py", "import services.sources.binance"),
    "libraries-of-services": ("services/candles.py", "import httpx"),
    "domain": ("services/domain/rules.py", "import time"),
}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def test_each_contract_has_a_crossing() -> None:
    assert [contract["id"] for contract in CONTRACTS] == list(CROSSINGS)


def test_every_feature_of_the_catalogue_is_under_contract() -> None:
    (features,) = (contract["modules"] for contract in CONTRACTS if contract["id"] == "features")
    assert {".".join(command.handler.__module__.split(".")[:2]) for command in COMMANDS} == set(features)


@pytest.mark.parametrize("contract", CROSSINGS)
def test_a_crossing_breaks_the_contract(contract: str, tmp_path: Path) -> None:
    for name in ("bot", "handlers", "services"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.csv"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path, crossing = CROSSINGS[contract]
    with (tmp_path / path).open("a", encoding="utf-8") as module:
        module.write(f"\n{crossing}\n")
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--contract", contract],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert linted.returncode == 1, linted.stdout
    assert "0 kept, 1 broken." in linted.stdout
    assert crossing.split()[-1].rpartition(".")[2] in linted.stdout

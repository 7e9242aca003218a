"""What an import costs, and that it needs nothing from the machine it runs on."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT

HEAVY = (
    "IPython", "alembic", "fastapi", "matplotlib", "opentelemetry", "pandas", "polars", "prometheus_client", "scipy",
    "starlette", "talib", "uvicorn",
)  # fmt: skip
"""Loaded at first use or not at all. (rich is not among them: structlog loads it by itself.)"""
ENTRANCES = ("bot.app", "bot.run", "bot.conversation", "handlers.catalogue", "bot.cli", "bot.doctor")
CHEAP = (*HEAVY, "aiohttp", "discord", "numpy", "prompt_toolkit", "sqlalchemy", "telegram")


def loaded_by(module: str, suspects: tuple[str, ...], cwd: Path = ROOT) -> str:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {module};"
        f"print(*sorted({set(suspects)!r} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=60, cwd=cwd, env={}
    )
    return ran.stdout.strip()


@pytest.mark.parametrize("module", ENTRANCES)
def test_the_heavy_libraries_wait_for_their_first_use(module: str) -> None:
    assert loaded_by(module, HEAVY) == ""


@pytest.mark.parametrize("module", ["bot.settings", "bot.__main__"])
def test_settings_and_the_version_cost_little(module: str) -> None:
    assert loaded_by(module, CHEAP) == ""


def test_importing_any_module_needs_no_environment(tmp_path: Path) -> None:
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for folder in ("bot", "handlers", "services")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    )
    assert len(modules) > 100
    program = (
        f"import importlib, sys; sys.path.insert(0, {str(ROOT)!r});"
        f"[importlib.import_module(each) for each in {modules!r}]"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", program],
        capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path, env={},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []

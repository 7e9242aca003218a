"""The worker that draws: what it costs the process that asks, what it remembers, and that it always comes back."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from bot.render.charts import ChartError, Charts
from handlers.model import Chart
from tests.bot.render.samples import candles, changed, chart

PNG = b"\x89PNG\r\n"


@pytest_asyncio.fixture
async def charts() -> AsyncIterator[Charts]:
    drawn = Charts()
    yield drawn
    await drawn.close()


def worker_id() -> int:
    (worker,) = multiprocessing.active_children()
    assert worker.pid is not None
    return worker.pid


def priced(price: int) -> Chart:
    return replace(chart(candles(30)), title=f"number {price}")


async def test_a_picture_is_drawn_once_and_remembered(charts: Charts) -> None:
    first = await charts.png(chart())
    assert first.startswith(PNG)
    assert await charts.png(chart()) is first
    seconds_later = replace(chart(), as_of=chart().as_of + timedelta(seconds=40))
    assert await charts.png(seconds_later) is first
    assert await charts.png(replace(chart(), as_of=chart().as_of + timedelta(minutes=1))) != first
    assert await charts.png(replace(chart(), theme="light")) != first


async def test_many_at_once_are_drawn_once(charts: Charts) -> None:
    found = await asyncio.gather(*(charts.png(chart()) for _ in range(20)))
    assert len({id(picture) for picture in found}) == 1


async def test_the_oldest_pictures_go_when_memory_is_full() -> None:
    charts = Charts(cache_bytes=70_000)
    first, second = await charts.png(priced(1)), await charts.png(priced(2))
    assert len(first) + len(second) < 70_000 < len(first) * 4
    assert await charts.png(priced(1)) is first
    await charts.png(priced(3))
    await charts.png(priced(4))
    again = await charts.png(priced(2))
    assert again == second
    assert again is not second
    await charts.close()


async def test_nothing_is_kept_that_is_larger_than_the_bound() -> None:
    charts = Charts(cache_bytes=1000)
    first = await charts.png(chart())
    again = await charts.png(chart())
    assert again == first
    assert again is not first
    await charts.close()


async def test_a_killed_worker_is_replaced(charts: Charts) -> None:
    await charts.png(priced(1))
    killed = worker_id()
    os.kill(killed, signal.SIGKILL)
    assert (await charts.png(priced(2))).startswith(PNG)
    assert worker_id() != killed


async def test_a_worker_killed_over_its_work_is_replaced(charts: Charts) -> None:
    await charts.png(priced(1))
    os.kill(worker_id(), signal.SIGSTOP)
    waiting = asyncio.create_task(charts.png(priced(2)))
    await asyncio.sleep(0)
    os.kill(worker_id(), signal.SIGKILL)
    assert (await waiting).startswith(PNG)


async def test_a_worker_that_hangs_is_given_up_and_replaced(charts: Charts) -> None:
    await charts.png(priced(1))
    hanging = worker_id()
    os.kill(hanging, signal.SIGSTOP)
    with pytest.raises(ChartError, match="in time"):
        await charts.png(priced(2), deadline_seconds=0.2)
    assert (await charts.png(priced(2))).startswith(PNG)
    assert worker_id() != hanging


async def test_what_cannot_be_drawn_is_an_error_and_no_more(charts: Charts) -> None:
    for bad in (
        replace(chart(), candles=()),
        replace(chart(), candles=candles(5)[::-1]),
        chart(changed(candles(3), lambda bar: replace(bar, open=Decimal("1e999999")))),
    ):
        with pytest.raises(ChartError, match="not drawn"):
            await charts.png(bad)
    assert (await charts.png(replace(chart(), title="比特币 🚀 $x^$"))).startswith(PNG)


async def test_closing_ends_the_worker(charts: Charts) -> None:
    await charts.png(chart())
    assert worker_id()
    await charts.close()
    assert not multiprocessing.active_children()
    with pytest.raises(ChartError, match="closed"):
        await charts.png(chart())


async def test_a_hanging_worker_costs_the_one_behind_it_nothing(charts: Charts) -> None:
    await charts.png(priced(1))
    os.kill(worker_id(), signal.SIGSTOP)
    first = asyncio.create_task(charts.png(priced(2), deadline_seconds=0.2))
    second = asyncio.create_task(charts.png(priced(3)))
    with pytest.raises(ChartError, match="in time"):
        await first
    assert (await second).startswith(PNG)


async def test_a_caller_who_gives_up_leaves_the_worker_alone(charts: Charts) -> None:
    await charts.png(priced(1))
    before = worker_id()
    leaving = asyncio.create_task(charts.png(priced(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert (await charts.png(priced(3))).startswith(PNG)
    assert worker_id() == before


async def test_closing_fails_what_is_being_drawn(charts: Charts) -> None:
    await charts.png(priced(1))
    os.kill(worker_id(), signal.SIGSTOP)
    waiting = asyncio.create_task(charts.png(priced(2)))
    await asyncio.sleep(0)
    await charts.close()
    with pytest.raises(ChartError):
        await waiting


PARENT = """
import asyncio, sys
from bot.render.charts import Charts
from tests.bot.render.samples import chart

async def main():
    charts = Charts()
    size = len(await charts.png(chart()))
    await charts.close()
    heavy = sorted({"matplotlib", "numpy", "talib", "PIL"} & set(sys.modules))
    print(size > 1000, heavy, chart().alt[:7])

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_asking_process_never_loads_the_libraries_that_draw(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).parents[3]
    found = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(root), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.stdout, found.stderr) == ("True [] BTC/USD\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["parent.py"]


ORPHAN = """
import asyncio, multiprocessing, os, signal
from bot.render.charts import Charts
from tests.bot.render.samples import chart

async def main():
    await Charts().png(chart())
    print(multiprocessing.active_children()[0].pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_worker_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    root = Path(__file__).parents[3]
    # The worker holds the parent's standard output: its end is the end of that pipe, or the time-out.
    found = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(root), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == -signal.SIGKILL
    assert int(found.stdout) > 0

"""Charts beside the terminal: files, for a viewer."""

import asyncio
import re
from pathlib import Path

from bot.render.charts import ChartError, Charts
from handlers.model import Chart
from services.domain.language import say


async def saved(charts: Charts, chart: Chart, folder: Path) -> str:
    """Return the sentence that says where the picture is, or that there is none; the same chart has the same file."""
    path = folder / f"{name(chart)}.png"
    try:
        png = await charts.png(chart)
        await asyncio.to_thread(_write, path, png)
    except ChartError:
        return say("There is no picture this time; the words above stand without it.")
    except OSError as failure:
        return say("The picture could not be written to {path}: {reason}.", path=path, reason=failure.strerror)
    return say("Chart: {path}", path=path)


def name(chart: Chart) -> str:
    """Return a file name without suffix from letters, digits and dashes, whatever a coin is called."""
    words = " ".join((chart.title, chart.interval, *chart.studies)).lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:80] or "chart"


def _write(path: Path, png: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_bytes(png)
    half.replace(path)  # a viewer that has the file open never sees half a picture

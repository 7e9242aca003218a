"""How busy a coin is: the volume of a window against the windows before it."""

import numpy as np

from services.domain.grid import ENOUGH, Floats
from services.domain.needs import VOLUME_WINDOWS


def ratios(volumes: Floats, length: int) -> Floats:
    """Return for each bar the volume of the `length` bars up to it over the mean of the twenty windows before these.

    `volumes` are those of bars one after the other, NaN for a bar that is missing. NaN where a bar of the window is
    missing, where more than a twentieth of those before it are, and where nothing was traded before it.
    """
    before = length * VOLUME_WINDOWS
    found = np.full_like(volumes, np.nan)
    if len(volumes) < before + length:
        return found
    known = np.isfinite(volumes)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, volumes, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    ends = np.arange(before + length, len(volumes) + 1)
    starts = ends - length
    usual, told = sums[starts] - sums[starts - before], counts[starts] - counts[starts - before]
    whole = (counts[ends] - counts[starts] == length) & (told >= before * ENOUGH) & (usual > 0)
    mean = np.where(whole, usual, np.nan) / np.maximum(told, 1) * length  # of the bars that are there
    found[ends - 1] = (sums[ends] - sums[starts]) / mean
    return found

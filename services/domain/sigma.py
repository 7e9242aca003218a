"""How far a coin usually moves in a time: the standard deviation of its log returns, from thirty days of bars."""

from datetime import timedelta

import numpy as np

from services.domain.candles import LENGTH
from services.domain.grid import ENOUGH, Floats
from services.domain.needs import SIGMA_BAR, SIGMA_BARS


def sigma(log_closes: Floats, window: timedelta) -> float | None:
    """Return the deviation of log returns over `window`; None where the history is too short, has gaps or never moved.

    `log_closes` are those of 5-minute bars one after the other, NaN for a bar that is missing; the newest 30 days of
    them count. Returns overlap. A window shorter than a bar has the deviation of one bar, scaled by the root of time.
    """
    recent = log_closes[-SIGMA_BARS:]
    bar = LENGTH[SIGMA_BAR]
    lag = max(1, window // bar)
    if np.isfinite(recent).sum() < SIGMA_BARS * ENOUGH or lag > SIGMA_BARS // 2:
        return None
    returns = recent[lag:] - recent[:-lag]
    known = returns[np.isfinite(returns)]
    if len(known) < len(returns) * (2 * ENOUGH - 1):
        return None
    deviation = float(np.std(known, ddof=1)) * (window / (bar * lag)) ** 0.5
    return deviation or None

"""Cancel a coroutine at one chosen await, the way `Task.cancel` does it."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from itertools import count
from typing import TypeVar

T = TypeVar("T")


@types.coroutine
def cancelled_at(step: int, work: Coroutine[object, object, T]) -> Generator[object, object, T]:
    """Run `work`, cancelled the moment it waits for the `step`-th time, counted from 0; without effect beyond."""
    waiting = work.__await__()
    resume: Callable[[], object] = partial(next, waiting)
    for number in count():
        try:
            waited = resume()
        except StopIteration as end:
            result: T = end.value
            return result
        if number == step and isinstance(waited, asyncio.Future):
            waited.cancel()
        try:
            yield waited
            resume = partial(next, waiting)
        except BaseException as failure:  # noqa: BLE001  # forwarded
            resume = partial(waiting.throw, failure)
    raise AssertionError


async def survives(step: int, work: Coroutine[object, object, object]) -> bool:
    """Say whether `work` came to its end although it was to be cancelled at `step`."""
    try:
        await cancelled_at(step, work)
    except asyncio.CancelledError:
        return False
    return True

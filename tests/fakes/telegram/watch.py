"""Waiting for something to happen, by events instead of polling."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Watch(Generic[T]):
    """Those who wait for an item that fits."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[T], bool], asyncio.Future[T]]] = []

    def tell(self, item: T) -> None:
        """Something happened; wakes those whose predicate accepts it."""
        for predicate, future in tuple(self._waiting):
            if future.done():
                continue
            try:
                fits = predicate(item)
            except Exception as error:  # noqa: BLE001 - the one who waits must see its own mistake
                future.set_exception(error)
                continue
            if fits:
                future.set_result(item)

    async def first(self, past: Iterable[T], predicate: Callable[[T], bool], timeout_s: float) -> T:
        """The first item, past or coming, that fits; TimeoutError after `timeout_s`."""
        for item in past:
            if predicate(item):
                return item
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        entry = (predicate, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            self._waiting.remove(entry)

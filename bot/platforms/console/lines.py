"""Lines from a pipe, a file or a terminal, without a thread that would outlive the session."""

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Final

_CHUNK_BYTES: Final = 65_536
_LONGEST_BYTES: Final = 65_536


async def lines_of(descriptor: int) -> AsyncGenerator[str, None]:
    """Return the lines as they come, until the end; a last one without line break counts, too long ones are cut."""
    left = b""
    while chunk := await _chunk(descriptor):
        *whole, left = (left + chunk).split(b"\n")
        left = left[:_LONGEST_BYTES]
        for line in whole:
            yield _words(line)
    if left:
        yield _words(left)


def _words(line: bytes) -> str:
    return line[:_LONGEST_BYTES].decode(errors="replace")


async def _chunk(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # a plain file: epoll refuses it because it is always ready
        return os.read(descriptor, _CHUNK_BYTES)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK_BYTES)

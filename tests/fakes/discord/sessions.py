"""Gateway sessions: numbered events kept for replay, and the socket that carries them."""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

from aiohttp import web

from tests.fakes.discord.wire import Json, JsonObject, encode

_KEPT_EVENTS = 20_000


class Socket:
    """One WebSocket: frames go out in order through a queue, compressed if asked for."""

    def __init__(self, number: int, ws: web.WebSocketResponse, abort: Callable[[], None], compress: str) -> None:
        self.number = number
        self.ws = ws
        self.abort = abort
        self.is_dead = False
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._squeeze = _compressor(compress)

    def send(self, payload: JsonObject) -> None:
        self.send_raw(encode(payload))

    def send_raw(self, raw: bytes) -> None:
        """Queue one frame; a half-open socket takes it and sends nothing."""
        if not self.is_dead:
            self._queue.put_nowait(raw)

    def finish(self) -> None:
        self._queue.put_nowait(None)

    async def pump(self) -> None:
        """Write what is queued until `finish`; a lost connection ends it too."""
        while (raw := await self._queue.get()) is not None:
            try:
                if self._squeeze is None:
                    await self.ws.send_str(raw.decode())
                else:
                    await self.ws.send_bytes(self._squeeze(raw))
            except ConnectionError:
                return


def _compressor(kind: str) -> Callable[[bytes], bytes] | None:
    if kind == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda raw: deflate.compress(raw) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if kind == "zstd-stream":
        stream = import_module("zstandard").ZstdCompressor().compressobj()
        flush_block = import_module("zstandard").COMPRESSOBJ_FLUSH_BLOCK
        return lambda raw: bytes(stream.compress(raw)) + bytes(stream.flush(flush_block))
    return None


@dataclass(slots=True)
class Session:
    """What RESUME continues. `dropped_at` is when its last connection ended."""

    id: str
    intents: int
    shard: tuple[int, int]
    seq: int = 0
    socket: Socket | None = None
    dropped_at: float | None = None
    kept: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_KEPT_EVENTS))

    def emit(self, event: str, data: Json) -> bool:
        """Number, keep and send an event; says whether a live connection took it."""
        self.seq += 1
        raw = encode({"op": 0, "s": self.seq, "t": event, "d": data})
        self.kept.append((self.seq, raw))
        if self.socket is None or self.socket.is_dead:
            return False
        self.socket.send_raw(raw)
        return True

    def can_replay(self, after: int) -> bool:
        oldest = self.kept[0][0] if self.kept else self.seq + 1
        return oldest - 1 <= after <= self.seq

    def replay(self, after: int, socket: Socket) -> None:
        """Send again, in order, what came after that number."""
        for seq, raw in self.kept:
            if seq > after:
                socket.send_raw(raw)

    def serves(self, guild_id: int | None) -> bool:
        number, count = self.shard
        return number == (0 if guild_id is None else (guild_id >> 22) % count)

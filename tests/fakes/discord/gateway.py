"""The gateway: HELLO, IDENTIFY or RESUME, events, heartbeats, and every way to lose a connection."""

import asyncio
import secrets
from collections import deque

import aiohttp
import msgspec
from aiohttp import web

from tests.fakes.discord.intents import (
    GUILD_MEMBERS,
    GUILDS,
    MESSAGE_CONTENT,
    CloseError,
    check_version,
    intents_of,
    shard_of,
    wants,
)
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.log import Frame, Link, Log
from tests.fakes.discord.sessions import Session, Socket
from tests.fakes.discord.shapes import channel_json, guild_create_json, member_json, user_json
from tests.fakes.discord.wire import Json, JsonObject, as_id, as_int, as_list, as_object, as_text, decode, is_int
from tests.fakes.discord.world import Guild, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
_CONTENT_KEYS = ("content", "embeds", "attachments", "components")
_DAY_S = 86_400.0
_MAX_PAYLOAD = 4096


class Gateway:
    def __init__(self, world: World, limits: Limits, log: Log, token: str, *, granted_intents: int) -> None:
        self._world = world
        self._limits = limits
        self._log = log
        self._token = token
        self._granted = granted_intents
        self._sessions: dict[str, Session] = {}
        self._sockets: dict[int, Socket] = {}
        self._identifies: deque[float] = deque()
        self._opened = 0
        self.acks_heartbeats = True
        self.token_was_reset = False
        self.resume_url = ""

    @property
    def sockets(self) -> tuple[Socket, ...]:
        return tuple(self._sockets.values())

    @property
    def ready_sessions(self) -> int:
        """Sessions that have a live connection."""
        return sum(session.socket is not None for session in self._sessions.values())

    def identifies_today(self) -> int:
        horizon = self._world.clock.now() - _DAY_S
        while self._identifies and self._identifies[0] <= horizon:
            self._identifies.popleft()
        return len(self._identifies)

    def start_limit(self) -> JsonObject:
        """The `session_start_limit` object of `GET /gateway/bot`."""
        total, used = self._limits.identifies_per_day, self.identifies_today()
        oldest = self._identifies[0] if self._identifies else self._world.clock.now() - _DAY_S
        reset_after = max(0.0, oldest + _DAY_S - self._world.clock.now())
        return {
            "total": total,
            "remaining": max(0, total - used),
            "reset_after": int(reset_after * 1000),
            "max_concurrency": 1,
        }

    def dispatch(self, event: str, data: JsonObject, guild_id: int | None) -> int:
        """Send an event to each session that is entitled to it; the number of live connections that took it."""
        taken = 0
        for session in self._live():
            if session.serves(guild_id) and wants(session.intents, event, guild_id):
                taken += session.emit(event, self._readable(session, event, data, guild_id))
        return taken

    def _live(self) -> list[Session]:
        horizon = self._world.clock.now() - self._limits.resume_window_s
        for session in [
            item for item in self._sessions.values() if item.dropped_at is not None and item.dropped_at <= horizon
        ]:
            del self._sessions[session.id]
        return list(self._sessions.values())

    def _readable(self, session: Session, event: str, data: JsonObject, guild_id: int | None) -> JsonObject:
        """Without the privileged intent, words of others in servers are blank."""
        author = as_id(as_object(data.get("author")).get("id"))
        is_open = guild_id is None or author == self._world.bot.id or bool(session.intents & MESSAGE_CONTENT)
        if not event.startswith("MESSAGE_") or event == "MESSAGE_DELETE" or is_open:
            return data
        if f"<@{self._world.bot.id}>" in as_text(data.get("content")):
            return data
        return {**data, **{key: "" if key == "content" else [] for key in _CONTENT_KEYS}}

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One connection, from upgrade to end."""
        ws = web.WebSocketResponse(max_msg_size=0, autoping=True, compress=False)
        await ws.prepare(request)
        self._opened += 1
        transport = request.transport
        assert transport is not None
        socket = Socket(self._opened, ws, transport.abort, request.query.get("compress", ""))
        self._sockets[socket.number] = socket
        self._log.append(Link(self._log.number(), self._world.clock.now(), socket.number, "open", request.path, None))
        pump = asyncio.create_task(socket.pump(), name=f"gateway-{socket.number}")
        try:
            await self._converse(socket, request.query.get("v", ""))
        finally:
            self._end(socket, request.path)
            await pump
        return ws

    async def _converse(self, socket: Socket, version: str) -> None:
        try:
            check_version(version)
            interval = self._limits.heartbeat_interval_s
            socket.send(
                {"op": HELLO, "s": None, "t": None, "d": {"heartbeat_interval": int(interval * 1000), "_trace": []}}
            )
            await self._receive(socket, interval * 1.5 + 1.0)
        except CloseError as closing:
            await socket.ws.close(code=closing.code)
        except TimeoutError:
            await socket.ws.close(code=4009)

    async def _receive(self, socket: Socket, silence_s: float) -> None:
        session: Session | None = None
        recent: deque[float] = deque()
        while True:
            message = await socket.ws.receive(timeout=silence_s)
            if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                return
            if socket.is_dead:
                continue
            session = self._handle(socket, session, self._parse(socket, message.data, recent))
            self._log.pulse()

    def _parse(self, socket: Socket, raw: str | bytes, recent: deque[float]) -> JsonObject:
        now = self._world.clock.now()
        size = len(raw.encode() if isinstance(raw, str) else raw)
        try:
            payload = as_object(decode(raw))
        except msgspec.DecodeError:
            raise CloseError(4002) from None
        op, data = as_int(payload.get("op"), -1), payload.get("d")
        shown: Json = {key: value for key, value in data.items() if key != "token"} if isinstance(data, dict) else data
        self._log.append(Frame(self._log.number(), now, socket.number, op, shown, size))
        recent.append(now)
        while recent[0] <= now - 60.0:
            recent.popleft()
        if size > _MAX_PAYLOAD or op < 0:
            raise CloseError(4002)
        if len(recent) > self._limits.frames_per_minute:
            raise CloseError(4008)
        return payload

    def _handle(self, socket: Socket, session: Session | None, payload: JsonObject) -> Session | None:
        op, data = as_int(payload.get("op")), payload.get("d")
        if op == HEARTBEAT:
            if self.acks_heartbeats:
                socket.send({"op": HEARTBEAT_ACK, "s": None, "t": None, "d": None})
            return session
        if op in {IDENTIFY, RESUME}:
            if session is not None:
                raise CloseError(4005)
            return self._identify(socket, as_object(data)) if op == IDENTIFY else self._resume(socket, as_object(data))
        if op not in {PRESENCE, VOICE_STATE, REQUEST_MEMBERS}:
            raise CloseError(4001)
        if session is None:
            raise CloseError(4003)
        if op == REQUEST_MEMBERS:
            self._send_members(session, as_object(data))
        return session

    def _authenticate(self, data: JsonObject) -> None:
        if as_text(data.get("token")) != self._token or self.token_was_reset:
            raise CloseError(4004)

    def _identify(self, socket: Socket, data: JsonObject) -> Session | None:
        self._authenticate(data)
        previous = self._identifies[-1] if self._identifies else None
        self._identifies.append(self._world.clock.now())
        if self.identifies_today() > self._limits.identifies_per_day:
            self.token_was_reset = True
            self._sessions.clear()
            raise CloseError(4004)
        interval = self._limits.identify_interval_s
        if previous is not None and interval and self._identifies[-1] - previous < interval:
            socket.send({"op": INVALID_SESSION, "s": None, "t": None, "d": False})
            return None
        session = Session(secrets.token_hex(16), intents_of(data, self._granted), shard_of(data), socket=socket)
        self._sessions[session.id] = session
        session.emit("READY", self._ready(session, data))
        for guild in self._guilds(session):
            session.emit("GUILD_CREATE", guild_create_json(self._world, guild, joined_now=False))
        return session

    def _guilds(self, session: Session) -> list[Guild]:
        if not session.intents & GUILDS:
            return []
        return [guild for guild in self._world.guilds.values() if guild.has_bot and session.serves(guild.id)]

    def _ready(self, session: Session, data: JsonObject) -> JsonObject:
        ready: dict[str, Json] = {
            "v": 10,
            "user": {**user_json(self._world.bot), "verified": True, "mfa_enabled": True, "email": None, "flags": 0},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in self._guilds(session)],
            "session_id": session.id,
            "resume_gateway_url": self.resume_url,
            "application": {"id": str(self._world.application_id), "flags": 0},
            "private_channels": [],
            "_trace": [],
        }
        return ready | {"shard": list(session.shard)} if "shard" in data else ready

    def _resume(self, socket: Socket, data: JsonObject) -> Session | None:
        self._authenticate(data)
        seq = data.get("seq")
        session = next((item for item in self._live() if item.id == data.get("session_id")), None)
        if session is None or not is_int(seq) or not session.can_replay(seq):
            socket.send({"op": INVALID_SESSION, "s": None, "t": None, "d": False})
            return None
        if session.socket is not None:
            session.socket.abort()
        session.socket, session.dropped_at = socket, None
        session.replay(seq, socket)
        session.emit("RESUMED", {"_trace": []})
        return session

    def _send_members(self, session: Session, data: JsonObject) -> None:
        guild = self._world.guilds.get(as_id(data.get("guild_id")) or 0)
        if guild is None:
            return
        named = {as_id(item) for item in as_list(data.get("user_ids"))}
        if not named and not session.intents & GUILD_MEMBERS:
            raise CloseError(4014)
        chosen = [user for user in guild.members if not named or user in named]
        members: list[Json] = [member_json(self._world.users[user]) for user in chosen]
        chunk: dict[str, Json] = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        session.emit("GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})

    def _end(self, socket: Socket, path: str) -> None:
        socket.finish()
        self._sockets.pop(socket.number, None)
        code = socket.ws.close_code
        for session in list(self._sessions.values()):
            if session.socket is socket:
                session.socket, session.dropped_at = None, self._world.clock.now()
                if code in {1000, 1001}:
                    del self._sessions[session.id]
        self._log.append(Link(self._log.number(), self._world.clock.now(), socket.number, "end", path, code))

    def drop(self) -> None:
        """Cut every connection without a word; sessions can be resumed."""
        for socket in self.sockets:
            socket.abort()

    def half_open(self) -> None:
        """From now on the present connections say nothing and hear nothing, and stay open."""
        for socket in self.sockets:
            socket.is_dead = True

    def reconnect(self) -> None:
        """Opcode 7: the bot shall reconnect and resume."""
        for socket in self.sockets:
            socket.send({"op": RECONNECT, "s": None, "t": None, "d": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Opcode 9; when not resumable the session is gone."""
        if not resumable:
            for session in self._sessions.values():
                session.socket = None
            self._sessions.clear()
        for socket in self.sockets:
            socket.send({"op": INVALID_SESSION, "s": None, "t": None, "d": resumable})

    async def close(self, code: int) -> None:
        """Close every connection with this code; after 4004, 4007, 4009 and 4010-4014 nothing can be resumed."""
        if code in {4004, 4007, 4009, *range(4010, 4015)}:
            self._sessions.clear()
        for socket in self.sockets:
            await socket.ws.close(code=code)

    def announce_channel(self, event: str, channel_id: int) -> None:
        """CHANNEL_CREATE or CHANNEL_DELETE."""
        channel = self._world.channels[channel_id]
        self.dispatch(event, channel_json(self._world, channel), channel.guild_id)

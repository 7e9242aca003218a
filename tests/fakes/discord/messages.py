"""Sending, editing, deleting and reading messages through channels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.fakes.discord.limits import Limits
from tests.fakes.discord.log import Upload
from tests.fakes.discord.message_rules import check_message, pings_of
from tests.fakes.discord.refusals import (
    RefusalError,
    cannot_message,
    empty_message,
    missing_permissions,
)
from tests.fakes.discord.shapes import message_json
from tests.fakes.discord.wire import Json, JsonObject, as_id, as_int, as_list, as_object, as_text, objects
from tests.fakes.discord.world import COMPONENTS_V2, DM, Attachment, Message, World


@dataclass(frozen=True, slots=True)
class Draft:
    """What a request wants to send."""

    body: JsonObject
    uploads: tuple[Upload, ...] = ()


class Messages:
    def __init__(self, world: World, limits: Limits, dispatch: Callable[[str, JsonObject, int | None], int]) -> None:
        self._world = world
        self._limits = limits
        self._dispatch = dispatch
        self._nonces: dict[tuple[int, str], tuple[int, float]] = {}

    def check(self, draft: Draft, *, creates: bool = True) -> None:
        check_message(draft.body, draft.uploads, upload_bytes=self._limits.upload_bytes, creates=creates)

    def send(self, channel_id: int, draft: Draft) -> tuple[Message, bool]:
        """Create a message by the bot; says whether it is a new one or the one that the nonce names."""
        channel = self._world.channel(channel_id)
        self.check(draft)
        if channel.kind == DM and not self._world.accepts_dm(channel.people[1]):
            raise cannot_message()
        known = self._by_nonce(channel_id, draft.body)
        if known is not None:
            return known, False
        message = self.create(channel_id, draft)
        if message.nonce is not None:
            self._nonces[channel_id, message.nonce] = (message.id, self._world.clock.now())
        return message, True

    def _by_nonce(self, channel_id: int, body: JsonObject) -> Message | None:
        nonce = _nonce(body)
        if nonce is None or body.get("enforce_nonce") is not True:
            return None
        message_id, sent_at = self._nonces.get((channel_id, nonce), (0, 0.0))
        if message_id == 0 or self._world.clock.now() - sent_at >= self._limits.nonce_window_s:
            return None
        return self._world.message(channel_id, message_id)

    def create(self, channel_id: int, draft: Draft, *, flags: int = 0, interaction_id: int | None = None) -> Message:
        """Put a message of the bot into a channel; rules were checked before."""
        body = draft.body
        message = Message(
            id=self._world.snowflake(),
            channel_id=channel_id,
            author_id=self._world.bot.id,
            content=as_text(body.get("content")).strip(),
            embeds=tuple(objects(body.get("embeds"))),
            components=tuple(objects(body.get("components"))),
            attachments=self._attach(draft.uploads),
            flags=as_int(body.get("flags")) | flags,
            nonce=_nonce(body),
            created_at=self._world.clock.now(),
            interaction_id=interaction_id,
            pings=pings_of(body),
        )
        self._world.put(message)
        if not message.ephemeral:
            self._announce("MESSAGE_CREATE", message)
        return message

    def say(self, user_id: int, channel_id: int, content: str) -> Message:
        """A message that a person writes."""
        now = self._world.clock.now()
        message = Message(self._world.snowflake(), channel_id, user_id, content, created_at=now)
        self._world.put(message)
        self._announce("MESSAGE_CREATE", message)
        return message

    def _attach(self, uploads: Sequence[Upload]) -> tuple[Attachment, ...]:
        found = tuple(Attachment(self._world.snowflake(), upload) for upload in uploads)
        self._world.files |= {item.id: item.upload for item in found}
        return found

    def _announce(self, event: str, message: Message) -> None:
        guild_id = self._world.channels[message.channel_id].guild_id
        place: dict[str, Json] = {} if guild_id is None else {"guild_id": str(guild_id)}
        self._dispatch(event, message_json(self._world, message) | place, guild_id)

    def edit(self, channel_id: int, message_id: int, draft: Draft) -> Message:
        """Change a message of the bot through its channel."""
        self._world.channel(channel_id)
        message = self._world.message(channel_id, message_id)
        if message.author_id != self._world.bot.id:
            raise RefusalError(403, 50005, "Cannot edit a message authored by another user")
        return self.amend(message, draft)

    def amend(self, message: Message, draft: Draft, *, clear_flags: int = 0) -> Message:
        """Check and apply an edit: absent keys stay as they are."""
        body = draft.body
        layout = {"flags": message.flags & COMPONENTS_V2} if message.flags & COMPONENTS_V2 else {}
        self.check(
            Draft({**body, **layout, "flags": as_int(body.get("flags")) | as_int(layout.get("flags"))}, draft.uploads),
            creates=False,
        )
        kept = message.attachments
        if "attachments" in body:
            ids = {as_id(as_object(item).get("id")) for item in as_list(body["attachments"])}
            kept = tuple(item for item in kept if item.id in ids)
        changed = replace(
            message,
            content=as_text(body["content"]).strip() if "content" in body else message.content,
            embeds=tuple(objects(body["embeds"])) if "embeds" in body else message.embeds,
            components=tuple(objects(body["components"])) if "components" in body else message.components,
            attachments=kept + self._attach(draft.uploads),
            flags=(message.flags | as_int(body.get("flags")) & COMPONENTS_V2) & ~clear_flags,
            edited_at=self._world.clock.wall(),
            pings=pings_of(body) or message.pings,
        )
        if not (changed.content or changed.embeds or changed.components or changed.attachments):
            raise empty_message()
        self._world.put(changed)
        if not changed.ephemeral:
            self._announce("MESSAGE_UPDATE", changed)
        return changed

    def delete(self, channel_id: int, message_id: int) -> None:
        """Delete through the channel: in direct messages only the bot's own."""
        channel = self._world.channel(channel_id)
        message = self._world.message(channel_id, message_id)
        if channel.guild_id is None and message.author_id != self._world.bot.id:
            raise missing_permissions()
        self.drop(message)

    def drop(self, message: Message) -> None:
        del self._world.messages[message.channel_id][message.id]
        if not message.ephemeral:
            guild_id = self._world.channels[message.channel_id].guild_id
            event: dict[str, Json] = {"id": str(message.id), "channel_id": str(message.channel_id)}
            place: dict[str, Json] = {} if guild_id is None else {"guild_id": str(guild_id)}
            self._dispatch("MESSAGE_DELETE", event | place, guild_id)

    def history(self, channel_id: int, query: Mapping[str, str]) -> list[Message]:
        """What can be read, newest first: `limit` of those before, after or around an id."""
        self._world.channel(channel_id)
        limit = as_id(query.get("limit", "50"))
        if limit is None or not 1 <= limit <= 100:
            raise RefusalError(
                400,
                50035,
                "Invalid Form Body",
                {
                    "limit": {
                        "_errors": [
                            {"code": "NUMBER_TYPE_MAX", "message": "int value should be less than or equal to 100."}
                        ]
                    }
                },
            )
        found = [item for item in self._world.messages.get(channel_id, {}).values() if not item.ephemeral]
        chosen = _around(sorted(found, key=lambda item: item.id), query, limit)
        return sorted(chosen, key=lambda item: item.id, reverse=True)


def _around(found: Sequence[Message], query: Mapping[str, str], limit: int) -> Sequence[Message]:
    before, after, around = (as_id(query.get(key)) for key in ("before", "after", "around"))
    if around is not None:
        older = [item for item in found if item.id <= around]
        newer = [item for item in found if item.id > around]
        return older[-(limit - limit // 2) :] + newer[: limit // 2]
    if after is not None:
        return [item for item in found if item.id > after][:limit]
    if before is not None:
        return [item for item in found if item.id < before][-limit:]
    return found[-limit:]


def _nonce(body: JsonObject) -> str | None:
    nonce = body.get("nonce")
    return None if nonce is None else str(nonce)

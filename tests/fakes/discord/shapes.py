"""The JSON shapes of what exists, with the keys that the platform sends."""

from datetime import UTC, datetime

from tests.fakes.discord.wire import Json, JsonObject
from tests.fakes.discord.world import (
    EPOCH_MS,
    EVERYONE_PERMISSIONS,
    FULL_PERMISSIONS,
    Attachment,
    Channel,
    Guild,
    Message,
    User,
    World,
)

_JOINED = "2024-01-02T03:04:05.000000+00:00"


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="microseconds")


def when(snowflake: int) -> str:
    """The time that an id holds."""
    return _iso(((snowflake >> 22) + EPOCH_MS) / 1000)


def user_json(user: User) -> dict[str, Json]:
    return {
        "id": str(user.id),
        "username": user.name,
        "discriminator": "0",
        "global_name": user.name,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
    }


def member_json(user: User, *, permissions: str | None = None) -> dict[str, Json]:
    member: dict[str, Json] = {
        "user": user_json(user),
        "nick": None,
        "avatar": None,
        "roles": [],
        "joined_at": _JOINED,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return member if permissions is None else member | {"permissions": permissions}


def channel_json(world: World, channel: Channel) -> dict[str, Json]:
    base: dict[str, Json] = {"id": str(channel.id), "type": channel.kind, "last_message_id": None, "flags": 0}
    if channel.guild_id is None:
        people = [world.users[person] for person in channel.people if person != world.bot.id]
        return base | {"recipients": [user_json(person) for person in people]}
    return base | {
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "topic": None,
        "position": 0,
        "parent_id": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "permission_overwrites": [],
        "permissions": FULL_PERMISSIONS,
    }


def guild_json(world: World, guild: Guild) -> dict[str, Json]:
    """The guild object as REST sends it; roles hold only @everyone."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "owner_id": str(guild.owner_id),
        "preferred_locale": guild.locale,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "features": [],
        "emojis": [],
        "stickers": [],
        "afk_timeout": 300,
        "premium_tier": 0,
        "nsfw_level": 0,
        "mfa_level": 0,
        "system_channel_flags": 0,
        "roles": [role_json(guild)],
    }


def role_json(guild: Guild) -> dict[str, Json]:
    return {
        "id": str(guild.id),
        "name": "@everyone",
        "color": 0,
        "hoist": False,
        "position": 0,
        "permissions": EVERYONE_PERMISSIONS,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def guild_create_json(world: World, guild: Guild, *, joined_now: bool) -> JsonObject:
    """The GUILD_CREATE event: a join has no `unavailable` key."""
    channels = [channel_json(world, channel) for channel in world.channels.values() if channel.guild_id == guild.id]
    event = guild_json(world, guild) | {
        "joined_at": _JOINED,
        "large": False,
        "member_count": len(guild.members) + 1,
        "members": [member_json(world.bot)],
        "channels": channels,
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
    return event if joined_now else event | {"unavailable": False}


def attachment_json(world: World, attachment: Attachment) -> dict[str, Json]:
    url = f"{world.cdn}/attachments/{attachment.id}/{attachment.upload.filename}"
    return {
        "id": str(attachment.id),
        "filename": attachment.upload.filename,
        "size": len(attachment.upload.content),
        "content_type": attachment.upload.content_type,
        "url": url,
        "proxy_url": url,
    }


def message_json(world: World, message: Message) -> dict[str, Json]:
    author = world.users[message.author_id]
    shape: dict[str, Json] = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "author": user_json(author),
        "content": message.content,
        "timestamp": when(message.id),
        "edited_timestamp": None if message.edited_at is None else _iso(message.edited_at),
        "tts": False,
        "mention_everyone": "everyone" in message.pings,
        "mentions": [],
        "mention_roles": [],
        "attachments": [attachment_json(world, item) for item in message.attachments],
        "embeds": message.embeds,
        "components": message.components,
        "pinned": False,
        "type": 0 if message.interaction_id is None else 20,
        "flags": message.flags,
    }
    if message.nonce is not None:
        shape["nonce"] = message.nonce
    if message.interaction_id is not None:
        shape["webhook_id"] = shape["application_id"] = str(world.application_id)
    return shape

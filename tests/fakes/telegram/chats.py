"""Reads about chats and members, the command menu and the bot's profile."""

import re
from collections.abc import Callable

from .model import Chat, JsonObject, Standing, User, bad_request
from .requests import (
    ChatMember,
    CommandScope,
    DeleteWebhook,
    InChat,
    Nothing,
    Profile,
    ScopedCommands,
    SetCommands,
    SetWebhook,
)
from .world import CommandKey, Execution, World, chat_json, user_json

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
MAX_COMMANDS = 100
SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


def get_me(run: Execution, _request: Nothing) -> object:
    """getMe."""
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True}
    return user_json(run.world.bot) | abilities


def get_chat(run: Execution, request: InChat) -> object:
    """getChat."""
    chat = _visible(run.world, request)
    return chat_json(chat) | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}


_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


def _visible(world: World, request: InChat) -> Chat:
    chat = world.find_chat(request.chat_id)
    standing = world.standings.get(chat.id, "member")
    return chat if chat.type == "private" or standing not in ("kicked", "left") else world.reachable(chat.id)


def _member_json(user: User, standing: Standing) -> JsonObject:
    shown: JsonObject = {"user": user_json(user), "status": standing}
    match standing:
        case "creator":
            shown["is_anonymous"] = False
        case "administrator":
            shown |= dict.fromkeys(_RIGHTS, True) | {"is_anonymous": False, "can_be_edited": False}
        case "restricted":
            shown |= dict.fromkeys(_PERMISSIONS, False) | {"is_member": True, "until_date": 0}
        case "kicked":
            shown["until_date"] = 0
        case _:
            pass
    return shown


_RIGHTS = [
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]
_PERMISSIONS = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
]


def member_json(world: World, chat_id: int, user: User, standing: Standing | None = None) -> JsonObject:
    """A `ChatMember` object; the bot's own standing when `user` is the bot."""
    known = world.standings.get(chat_id) if user.id == world.bot.id else world.members.get((chat_id, user.id))
    return _member_json(user, standing or known or "left")


def get_chat_member(run: Execution, request: ChatMember) -> object:
    """getChatMember."""
    chat = _visible(run.world, request)
    user = run.world.users.get(request.user_id or 0)
    if user is None:
        raise bad_request("invalid user_id specified" if not request.user_id else "member not found")
    return member_json(run.world, chat.id, user)


def get_administrators(run: Execution, request: InChat) -> object:
    """getChatAdministrators; other bots are left out, as on the platform."""
    world = run.world
    chat = _visible(world, request)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    staff = {
        user_id: standing
        for (chat_id, user_id), standing in world.members.items()
        if chat_id == chat.id and standing in ("creator", "administrator")
    }
    if world.standings.get(chat.id) == "administrator":
        staff[world.bot.id] = "administrator"
    return [_member_json(world.users[user_id], standing) for user_id, standing in staff.items()]


def get_member_count(run: Execution, request: InChat) -> object:
    """getChatMemberCount."""
    chat = _visible(run.world, request)
    present = ("creator", "administrator", "member", "restricted")
    return 1 + sum(s in present for (chat_id, _), s in run.world.members.items() if chat_id == chat.id)


def leave_chat(run: Execution, request: InChat) -> object:
    """leaveChat."""
    chat = run.world.reachable(request.chat_id)
    run.world.standings[chat.id] = "left"
    return True


def _command_key(world: World, request: ScopedCommands) -> CommandKey:
    scope = request.scope or CommandScope()
    required = SCOPES.get(scope.type)
    if required is None:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if any(getattr(scope, name) is None for name in required):
        raise bad_request(f"can't parse BotCommandScope: Can't find field {required}")
    language = request.language_code or ""
    if language and not re.fullmatch(r"[a-z]{2,3}", language):
        raise bad_request("invalid language_code specified")
    chat_id = world.find_chat(scope.chat_id).id if required else 0
    return (scope.type, chat_id, scope.user_id or 0, language)


def set_commands(run: Execution, request: SetCommands) -> object:
    """setMyCommands."""
    key = _command_key(run.world, request)
    commands = request.commands
    if commands is None:
        raise bad_request("commands list is empty")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not COMMAND.fullmatch(command.command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    run.world.commands[key] = commands
    return True


def get_commands(run: Execution, request: ScopedCommands) -> object:
    """getMyCommands."""
    return run.world.commands.get(_command_key(run.world, request), ())


def delete_commands(run: Execution, request: ScopedCommands) -> object:
    """deleteMyCommands."""
    run.world.commands.pop(_command_key(run.world, request), None)
    return True


def set_profile(field: str, longest: int) -> Callable[[Execution, Profile], object]:
    """The method that sets one text of the profile, of at most `longest` characters."""

    def run_set(run: Execution, request: Profile) -> object:
        text = getattr(request, field) or ""
        if len(text) > longest:
            raise bad_request(f"{field} is too long")
        run.world.profile[field, request.language_code or ""] = text
        return True

    return run_set


def get_profile(field: str) -> Callable[[Execution, Profile], object]:
    """The method that reads one text of the profile."""

    def run_get(run: Execution, request: Profile) -> object:
        return {field: run.world.profile.get((field, request.language_code or ""), "")}

    return run_get


def set_webhook(run: Execution, request: SetWebhook) -> object:
    """setWebhook; an empty address removes it. Plain http is allowed on loopback only."""
    world = run.world
    url = request.url or ""
    if url and not url.startswith(("https://", "http://127.0.0.1:")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if request.secret_token is not None and not SECRET.fullmatch(request.secret_token):
        too_long = len(request.secret_token) > 256
        raise bad_request("secret token is too long" if too_long else "secret token contains unallowed characters")
    world.updates.allow(request.allowed_updates)
    _replace_webhook(world, url, request.secret_token, drop=bool(request.drop_pending_updates))
    world.hook.max_connections = request.max_connections or 40
    if url:
        world.updates.interrupt("Conflict: terminated by setWebhook request")
        world.hook.start(world.updates)
    return True


def delete_webhook(run: Execution, request: DeleteWebhook) -> object:
    """deleteWebhook."""
    _replace_webhook(run.world, "", None, drop=bool(request.drop_pending_updates))
    return True


def _replace_webhook(world: World, url: str, secret: str | None, *, drop: bool) -> None:
    world.hook.stop()
    world.hook.url = url
    world.hook.secret = secret
    world.hook.last_error = None
    if drop:
        world.updates.drop()


def get_webhook(run: Execution, _request: Nothing) -> object:
    """getWebhookInfo."""
    hook = run.world.hook
    shown: JsonObject = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": run.world.updates.pending,
    }
    if hook.url:
        shown["max_connections"] = hook.max_connections
    if hook.last_error is not None:
        shown |= {"last_error_date": run.world.wall(), "last_error_message": hook.last_error}
    if run.world.updates.allowed is not None:
        shown["allowed_updates"] = sorted(run.world.updates.allowed)
    return shown

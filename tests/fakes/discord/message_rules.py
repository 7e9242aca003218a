"""What an outgoing message must satisfy."""

import re
from collections.abc import Sequence
from datetime import datetime

from tests.fakes.discord.component_rules import check_components
from tests.fakes.discord.form import Form, Path
from tests.fakes.discord.log import Upload
from tests.fakes.discord.refusals import empty_message, too_large
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_list, as_object, as_text, is_int, objects
from tests.fakes.discord.world import COMPONENTS_V2

_EMBED_TOTAL = 6000
_SETTABLE_FLAGS = 1 << 2 | 1 << 6 | 1 << 12 | COMPONENTS_V2
_SCHEMES = ("http://", "https://", "attachment://")
_EVERYONE = re.compile(r"@(everyone|here)")
_ROLE = re.compile(r"<@&\d+>")
_USER = re.compile(r"<@!?\d+>")


def check_message(body: JsonObject, uploads: Sequence[Upload], *, upload_bytes: int, creates: bool = True) -> None:
    """Raise the refusal that the platform would answer with."""
    if any(len(upload.content) > upload_bytes for upload in uploads):
        raise too_large()
    form = Form()
    flags = as_int(body.get("flags"))
    form.optional(("content",), body.get("content"), 2000)
    if not isinstance(body.get("flags"), int | None) or flags & ~_SETTABLE_FLAGS:
        form.fault(("flags",), "BASE_TYPE_CHOICES", "Message flags cannot be set.")
    _check_nonce(form, body)
    _check_embeds(form, body.get("embeds"))
    check_components(form, ("components",), body.get("components"), is_v2=bool(flags & COMPONENTS_V2))
    if flags & COMPONENTS_V2 and (body.get("content") or body.get("embeds") or body.get("poll")):
        form.fault(
            ("flags",),
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    _check_attachments(form, body, uploads)
    _check_mentions(form, body.get("allowed_mentions"))
    form.close()
    if creates and not (_has_words(body) or uploads):
        raise empty_message()


def _has_words(body: JsonObject) -> bool:
    lists = (body.get("embeds"), body.get("components"), body.get("sticker_ids"))
    return bool(as_text(body.get("content")).strip() or body.get("poll")) or any(
        any(item for item in as_list(found)) for found in lists
    )


def _check_nonce(form: Form, body: JsonObject) -> None:
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        form.optional(("nonce",), nonce, 25)
    elif nonce is not None and not is_int(nonce):
        form.fault(("nonce",), "BASE_TYPE_BAD_TYPE", "Could not interpret value as string.")


def _check_embeds(form: Form, value: Json) -> None:
    if value is None:
        return
    if not isinstance(value, list) or len(objects(value)) != len(value):
        form.fault(("embeds",), "BASE_TYPE_BAD_TYPE", "Only dictionaries may be used in a list.")
        return
    form.size(("embeds",), len(value), 0, 10)
    for index, embed in enumerate(objects(value)):
        _check_embed(form, ("embeds", index), embed)
    if sum(map(embed_size, objects(value))) > _EMBED_TOTAL:
        form.fault(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed(form: Form, path: Path, embed: JsonObject) -> None:
    form.optional((*path, "title"), embed.get("title"), 256)
    form.optional((*path, "description"), embed.get("description"), 4096)
    if embed.get("footer") is not None:
        form.text((*path, "footer", "text"), as_object(embed["footer"]).get("text"), 1, 2048)
    if embed.get("author") is not None:
        form.text((*path, "author", "name"), as_object(embed["author"]).get("name"), 1, 256)
    fields = as_list(embed.get("fields"))
    form.size((*path, "fields"), len(fields), 0, 25)
    for index, field in enumerate(map(as_object, fields)):
        for key, high in (("name", 256), ("value", 1024)):
            value = field.get(key)
            form.text((*path, "fields", index, key), value.strip() if isinstance(value, str) else value, 1, high)
    color = embed.get("color")
    if color is not None and not (is_int(color) and 0 <= color <= 0xFFFFFF):
        form.fault((*path, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    _check_links(form, path, embed)
    _check_time(form, (*path, "timestamp"), embed.get("timestamp"))


def _check_links(form: Form, path: Path, embed: JsonObject) -> None:
    links: list[tuple[Path, Json]] = [((*path, "url"), embed.get("url"))]
    links += [((*path, key, "url"), as_object(embed.get(key)).get("url")) for key in ("image", "thumbnail", "author")]
    for where, link in links:
        if link is not None and not as_text(link).startswith(_SCHEMES):
            form.fault(where, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_time(form: Form, path: Path, value: Json) -> None:
    if value is None:
        return
    try:
        datetime.fromisoformat(as_text(value))
    except ValueError:
        form.fault(path, "DATE_TIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")


def embed_size(embed: JsonObject) -> int:
    """The characters of an embed that count towards 6000."""
    texts: list[Json] = [embed.get("title"), embed.get("description")]
    texts += [as_object(embed.get("footer")).get("text"), as_object(embed.get("author")).get("name")]
    for field in objects(embed.get("fields")):
        texts += [field.get("name"), field.get("value")]
    return sum(len(as_text(text)) for text in texts)


def _check_attachments(form: Form, body: JsonObject, uploads: Sequence[Upload]) -> None:
    form.size(("attachments",), max(len(uploads), len(as_list(body.get("attachments")))), 0, 10)


def _check_mentions(form: Form, value: Json) -> None:
    if value is None:
        return
    allowed = as_object(value)
    parse = as_list(allowed.get("parse"))
    for index, item in enumerate(parse):
        if item not in {"everyone", "roles", "users"}:
            form.fault(
                ("allowed_mentions", "parse", index),
                "BASE_TYPE_CHOICES",
                "Value must be one of {'roles', 'everyone', 'users'}.",
            )
    for kind in ("users", "roles"):
        form.size(("allowed_mentions", kind), len(as_list(allowed.get(kind))), 0, 100)
        if kind in parse and as_list(allowed.get(kind)):
            form.fault(
                ("allowed_mentions",),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )


def pings_of(body: JsonObject) -> tuple[str, ...]:
    """Who would be notified: "everyone", "roles", "users". Embeds notify nobody."""
    content = as_text(body.get("content"))
    allowed = body.get("allowed_mentions")
    found = {"everyone": _EVERYONE.search(content), "roles": _ROLE.search(content), "users": _USER.search(content)}
    return tuple(kind for kind, match in found.items() if match and _is_allowed(allowed, kind))


def _is_allowed(allowed: Json, kind: str) -> bool:
    if allowed is None:
        return True
    rule = as_object(allowed)
    return kind in as_list(rule.get("parse")) or bool(as_list(rule.get(kind)))

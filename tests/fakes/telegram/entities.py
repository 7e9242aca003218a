"""Message entities: UTF-16 arithmetic and the checks of the platform."""

from collections.abc import Sequence

import msgspec

from .model import Entity, bad_request

KNOWN_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    ]
)
REQUIRED_FIELD = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}
MAX_ENTITIES = 100
BLANK = " \n\t\r\u200b"


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, which is how Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def check_entities(text: str, entities: Sequence[Entity]) -> None:
    """Refuse unknown types, ranges outside the text and halves of a surrogate pair."""
    if not entities:
        return
    if len(entities) > MAX_ENTITIES:
        raise bad_request("can't parse entities: too many entities specified")
    units = text.encode("utf-16-le")
    for entity in entities:
        _check_type(entity)
        _check_range(entity, units)


def _check_type(entity: Entity) -> None:
    if entity.type not in KNOWN_TYPES:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    required = REQUIRED_FIELD.get(entity.type)
    if required is not None and getattr(entity, required) is None:
        raise bad_request(f"can't parse MessageEntity: Can't find field \"{required}\"")


def _check_range(entity: Entity, units: bytes) -> None:
    length = len(units) // 2
    end = entity.offset + entity.length
    if entity.offset < 0:
        raise bad_request(f"receive an entity with incorrect offset {entity.offset}")
    if entity.length <= 0:
        raise bad_request(f"receive an entity with incorrect length {entity.length}")
    if entity.offset >= length:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {entity.offset}")
    if end > length:
        raise bad_request(
            f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text at UTF-16 offset {end}"
        )
    if _inside_symbol(units, entity.offset):
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at UTF-16 offset {entity.offset}")
    if _inside_symbol(units, end):
        raise bad_request(
            f"entity beginning at UTF-16 offset {entity.offset} ends in a middle of a UTF-16 symbol"
            f" at UTF-16 offset {end}"
        )


def _inside_symbol(units: bytes, offset: int) -> bool:
    unit = int.from_bytes(units[2 * offset : 2 * offset + 2], "little")
    return 0xDC00 <= unit <= 0xDFFF


def trim(text: str, entities: Sequence[Entity]) -> tuple[str, tuple[Entity, ...]]:
    """The text without blank ends, as Telegram stores it, and the entities that still fit."""
    kept = text.rstrip(BLANK)
    first_entity = min((entity.offset for entity in entities), default=len(text))
    bare = kept.lstrip(BLANK)
    start = min(len(kept) - len(bare), first_entity)
    if start == 0 and len(kept) == len(text):
        return text, tuple(entities)
    kept = kept[start:]
    length = utf16_length(kept)
    fitted = (_fit(entity, start, length) for entity in entities)
    return kept, tuple(entity for entity in fitted if entity is not None)


def _fit(entity: Entity, start: int, length: int) -> Entity | None:
    offset = entity.offset - start
    shortened = min(entity.length, length - offset)
    if shortened <= 0:
        return None
    return msgspec.structs.replace(entity, offset=offset, length=shortened)


def command_entities(text: str) -> tuple[Entity, ...]:
    """The `bot_command` entities that Telegram adds to what a person types."""
    found: list[Entity] = []
    position = 0
    for word in text.split(" "):
        for line in word.split("\n"):
            name = line[1:].split("@", 1)[0]
            if line.startswith("/") and name.isascii() and name.replace("_", "").isalnum():
                found.append(Entity(type="bot_command", offset=position, length=utf16_length(line)))
            position += utf16_length(line) + 1
    return tuple(found)

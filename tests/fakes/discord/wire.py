"""JSON as it crosses the wire, and the few readers that narrow it."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeGuard

import msgspec

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
JsonObject: TypeAlias = Mapping[str, Json]


def decode(raw: bytes | str) -> Json:
    """Parse strict JSON; raises `msgspec.DecodeError`."""
    value: Json = msgspec.json.decode(raw)
    return value


def encode(value: Json) -> bytes:
    return msgspec.json.encode(value)


def as_object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def objects(value: Json) -> list[JsonObject]:
    """The objects of a list; anything else in it is left out."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def is_int(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def as_int(value: Json, absent: int = 0) -> int:
    return value if is_int(value) else absent


def as_id(value: Json) -> int | None:
    """A snowflake, which travels as a string of digits."""
    if is_int(value):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None

"""Where a delayed answer belongs: the text that goes with a change into the outbox and comes back with its answer."""

from typing import Final

import msgspec


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who asked, and the message that is to be answered or changed."""

    user: int = 0  # 0: nobody who could be written to
    reply_to: int | None = None
    edit: int | None = None
    is_photo: bool = False


_NOBODY: Final = Origin()
_DECODER: Final = msgspec.json.Decoder(Origin)


def write(origin: Origin) -> str:
    """Return the text that `read` understands."""
    return msgspec.json.encode(origin).decode()


def read(text: str | None) -> Origin:
    """Return what was written; of other text nothing is known."""
    if text is None:
        return _NOBODY
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return _NOBODY

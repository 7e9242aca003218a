"""A reply as the outbox keeps it until it is sent: card and buttons, nothing of the market or the machine's data."""

from dataclasses import dataclass

import msgspec

from handlers.model import Button, Card, Reply


@dataclass(frozen=True, slots=True)
class Kept:
    """The part of a reply that people see."""

    card: Card
    buttons: tuple[tuple[Button, ...], ...]
    private: bool


_DECODER = msgspec.json.Decoder(Kept)


def encode(reply: Reply[object]) -> str:
    """Return the JSON of what people see of `reply`."""
    return msgspec.json.encode(Kept(reply.card, reply.buttons, reply.private)).decode()


def decode(text: str) -> Reply[object]:
    """Return the reply that `encode` wrote."""
    kept = _DECODER.decode(text)
    return Reply(None, kept.card, buttons=kept.buttons, private=kept.private)

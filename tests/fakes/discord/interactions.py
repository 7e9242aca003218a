"""Interactions: what a person started, and every answer that the bot gave to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tests.fakes.discord.log import Log
from tests.fakes.discord.wire import JsonObject
from tests.fakes.discord.world import Message, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE, SUGGESTIONS, MODAL = 4, 5, 6, 7, 8, 9

Way: TypeAlias = Literal["callback", "original", "followup", "delete"]


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `kind` is the callback's type (4 to 9), else None; `after_s` counts from the person's action."""

    way: Way
    after_s: float
    kind: int | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a person did: never changes."""

    id: int
    token: str
    kind: int
    user_id: int
    channel_id: int
    guild_id: int | None
    owners: Mapping[str, str]
    name: str
    sent_at: float
    source_id: int | None = None
    focused_kind: int = 0


@dataclass(slots=True)
class _Progress:
    responses: list[Response] = field(default_factory=list)
    acknowledged: int | None = None
    original_id: int | None = None
    followups: int = 0
    suggestions: tuple[JsonObject, ...] = ()
    modal: JsonObject | None = None
    submitted: bool = False


class Interaction:
    """The test's handle on one interaction. `delivered` is the number of connections that it was sent to."""

    def __init__(self, opening: Opening, world: World, log: Log) -> None:
        self.opening = opening
        self.progress = _Progress()
        self.delivered = 0
        self._world = world
        self._log = log

    @property
    def id(self) -> int:
        return self.opening.id

    @property
    def token(self) -> str:
        return self.opening.token

    @property
    def responses(self) -> tuple[Response, ...]:
        """All answers so far, in order."""
        return tuple(self.progress.responses)

    @property
    def acknowledged(self) -> int | None:
        """The type of the first answer, or None: "The application did not respond"."""
        return self.progress.acknowledged

    @property
    def message(self) -> Message | None:
        """The original answer as it stands now; None before it and after its deletion."""
        if self.progress.original_id is None:
            return None
        return self._world.messages.get(self.opening.channel_id, {}).get(self.progress.original_id)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message that was made for it and still exists, in order."""
        found = self._world.messages.get(self.opening.channel_id, {}).values()
        return tuple(message for message in found if message.interaction_id == self.id)

    async def acknowledgement(self, within: float = 5.0) -> Response:
        """The first answer, a deferral included."""
        await self._log.until(lambda: bool(self.progress.responses), within)
        return self.progress.responses[0]

    async def answer(self, within: float = 5.0) -> Message:
        """The first answer with words: the reply, the edited deferral, the updated message or a follow-up."""
        await self._log.until(lambda: self._worded() is not None, within)
        message = self._worded()
        assert message is not None
        return message

    def _worded(self) -> Message | None:
        for response in self.progress.responses:
            if response.message is not None and not response.message.loading and response.kind != DEFERRED_UPDATE:
                current = self._world.messages.get(response.message.channel_id, {}).get(response.message.id)
                return current or response.message
        return None

    async def followup(self, number: int = 1, within: float = 5.0) -> Message:
        """The n-th message sent after the original one, as it stands."""

        def sent() -> list[Message]:
            return [message for message in self.messages if message.id != self.progress.original_id]

        await self._log.until(lambda: len(sent()) >= number, within)
        return sent()[number - 1]

    async def suggestions(self, within: float = 5.0) -> tuple[JsonObject, ...]:
        """The choices of an autocomplete, each with name and value."""
        await self._log.until(lambda: self.progress.acknowledged == SUGGESTIONS, within)
        return self.progress.suggestions

    async def modal(self, within: float = 5.0) -> JsonObject:
        """The form that was opened."""
        await self._log.until(lambda: self.progress.modal is not None, within)
        assert self.progress.modal is not None
        return self.progress.modal

    def record(self, way: Way, message: Message | None = None, kind: int | None = None) -> None:
        after_s = self._world.clock.now() - self.opening.sent_at
        self.progress.responses.append(Response(way, after_s, kind, message))

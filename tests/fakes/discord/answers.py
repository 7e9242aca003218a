"""The bot's side of interactions: the callback, the original answer and follow-ups."""

from typing import Final

from tests.fakes.discord.command_rules import check_choice
from tests.fakes.discord.component_rules import check_modal
from tests.fakes.discord.form import Form
from tests.fakes.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    DEFERRED_REPLY,
    DEFERRED_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    SUGGESTIONS,
    UPDATE,
    Interaction,
)
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.messages import Draft, Messages
from tests.fakes.discord.refusals import RefusalError, already_acknowledged, invalid_token, unknown
from tests.fakes.discord.shapes import message_json
from tests.fakes.discord.wire import Json, JsonObject, as_id, as_int, as_list, as_object, objects
from tests.fakes.discord.world import EPHEMERAL, LOADING, Message, World

_ALLOWED: Final = {
    COMMAND: (REPLY, DEFERRED_REPLY, MODAL),
    COMPONENT: (REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (SUGGESTIONS,),
    MODAL_SUBMIT: (REPLY, DEFERRED_REPLY),
}
_FROM_MESSAGE: Final = (REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE)


class Answers:
    def __init__(self, world: World, limits: Limits, messages: Messages) -> None:
        self._world = world
        self._limits = limits
        self._messages = messages
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def open(self, interaction: Interaction) -> None:
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction

    def find(self, interaction_id: int | None) -> Interaction | None:
        return None if interaction_id is None else self._by_id.get(interaction_id)

    def all(self) -> tuple[Interaction, ...]:
        return tuple(self._by_id.values())

    def callback(self, interaction_id: int, token: str, draft: Draft) -> tuple[Interaction, JsonObject, Message | None]:
        """The first answer: within the time, once, of a type that fits what the person did."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise unknown("Interaction")
        if interaction.acknowledged is not None:
            raise already_acknowledged()
        if self._world.clock.now() - interaction.opening.sent_at > self._limits.first_answer_s:
            raise unknown("Interaction")
        kind = as_int(draft.body.get("type"))
        form = Form()
        form.choice(("type",), draft.body.get("type"), _kinds_for(interaction))
        form.close()
        message = self._apply(interaction, kind, Draft(as_object(draft.body.get("data")), draft.uploads))
        interaction.progress.acknowledged = kind
        interaction.record("callback", message, kind)
        return interaction, self._callback_json(interaction, kind, message), message

    def _apply(self, interaction: Interaction, kind: int, data: Draft) -> Message | None:
        if kind == REPLY:
            self._messages.check(data)
            return self._original(interaction, data, 0)
        if kind == DEFERRED_REPLY:
            flags = LOADING | as_int(data.body.get("flags")) & EPHEMERAL
            return self._original(interaction, Draft({}), flags)
        if kind in {UPDATE, DEFERRED_UPDATE}:
            message = self._source(interaction)
            interaction.progress.original_id = message.id
            return self._messages.amend(message, data) if kind == UPDATE else message
        if kind == SUGGESTIONS:
            interaction.progress.suggestions = _check_suggestions(interaction, data.body)
        if kind == MODAL:
            interaction.progress.modal = _check_modal(data.body)
        return None

    def _original(self, interaction: Interaction, data: Draft, flags: int) -> Message:
        place = interaction.opening.channel_id
        message = self._messages.create(place, data, flags=flags, interaction_id=interaction.id)
        interaction.progress.original_id = message.id
        return message

    def _source(self, interaction: Interaction) -> Message:
        found = self._world.messages.get(interaction.opening.channel_id, {})
        message = found.get(interaction.opening.source_id or 0)
        if message is None:
            raise unknown("Message")
        return message

    def _callback_json(self, interaction: Interaction, kind: int, message: Message | None) -> JsonObject:
        head: dict[str, Json] = {"id": str(interaction.id), "type": interaction.opening.kind}
        resource: dict[str, Json] = {"type": kind}
        if message is not None:
            head |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": message.ephemeral,
            }
            resource["message"] = message_json(self._world, message)
        return {"interaction": head} if kind == SUGGESTIONS else {"interaction": head, "resource": resource}

    def holder(self, application_id: str, token: str) -> Interaction:
        """The interaction behind a webhook address; refused when unanswered, unknown or too old."""
        if as_id(application_id) != self._world.application_id:
            raise unknown("Webhook")
        interaction = self._by_token.get(token)
        if interaction is None:
            raise invalid_token()
        if self._world.clock.now() - interaction.opening.sent_at > self._limits.token_life_s:
            raise invalid_token()
        if interaction.acknowledged in {None, SUGGESTIONS}:
            raise unknown("Webhook")
        return interaction

    def follow_up(self, interaction: Interaction, draft: Draft) -> Message:
        """A further message; directly after a deferral it fills the deferred one."""
        original = interaction.message
        if original is not None and original.loading:
            return self.edit(interaction, "@original", draft)
        self._messages.check(draft)
        limited = "0" not in interaction.opening.owners
        if limited and interaction.progress.followups >= self._limits.user_install_followups:
            raise RefusalError(400, 40094, "This interaction has hit the maximum number of follow up messages.")
        interaction.progress.followups += 1
        message = self._messages.create(interaction.opening.channel_id, draft, interaction_id=interaction.id)
        interaction.record("followup", message)
        return message

    def get(self, interaction: Interaction, message_id: str) -> Message:
        if message_id == "@original":
            message = interaction.message
        else:
            message = self._world.messages.get(interaction.opening.channel_id, {}).get(as_id(message_id) or 0)
        if message is None:
            raise unknown("Message")
        if message.interaction_id != interaction.id and message.id != interaction.progress.original_id:
            raise unknown("Message")
        return message

    def edit(self, interaction: Interaction, message_id: str, draft: Draft) -> Message:
        message = self._messages.amend(self.get(interaction, message_id), draft, clear_flags=LOADING)
        is_original = message.id == interaction.progress.original_id
        interaction.record("original" if is_original else "followup", message)
        return message

    def delete(self, interaction: Interaction, message_id: str) -> None:
        message = self.get(interaction, message_id)
        self._messages.drop(message)
        interaction.record("delete", None)


def _kinds_for(interaction: Interaction) -> tuple[int, ...]:
    opening = interaction.opening
    is_from_message = opening.kind == MODAL_SUBMIT and opening.source_id is not None
    return _FROM_MESSAGE if is_from_message else _ALLOWED[opening.kind]


def _check_suggestions(interaction: Interaction, body: JsonObject) -> tuple[JsonObject, ...]:
    form = Form()
    choices = objects(body.get("choices"))
    form.size(("data", "choices"), len(as_list(body.get("choices"))), 0, 25)
    for index, choice in enumerate(choices):
        check_choice(form, ("data", "choices", index), choice, interaction.opening.focused_kind)
    form.close()
    return tuple(choices)


def _check_modal(body: JsonObject) -> JsonObject:
    form = Form()
    check_modal(form, ("data",), body)
    form.close()
    return body

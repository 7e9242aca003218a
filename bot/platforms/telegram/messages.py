"""Show a reply in a chat: send it or edit a message in place, and say what became of it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import msgspec
import structlog
from telegram import Bot, InputMediaPhoto, MessageEntity, ReplyParameters

from bot.platforms.telegram import render
from bot.platforms.telegram.calls import Button, Keyboard, edit_text, keyboard, send_text
from bot.platforms.telegram.errors import is_refused, outcome_of
from bot.platforms.telegram.needs import Conversation, Painter
from bot.platforms.telegram.render import Styled
from bot.render.charts import ChartError
from handlers.model import Reply
from services.clock import Clock
from services.domain.deliveries import Outcome, Parked, Retry, Sent, Unknown
from services.domain.people import Caller, Place
from services.store.errors import StoreError

log = structlog.get_logger()

_FILE_NAME: Final = "chart.png"
_STORAGE: Final = timedelta(seconds=5)
_PATIENCE: Final = timedelta(seconds=5)  # how long a message of several parts waits between them


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reply goes. `chat` is our row of it; `edit` names the message to change instead of sending one."""

    place: Place
    private: bool
    chat: int
    owner: Caller | None = None
    reply_to: int | None = None
    edit: int | None = None
    edit_is_photo: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One message. `instead` is said where Telegram does not take the photo."""

    styled: Styled
    photo: bytes | None = None
    instead: Styled | None = None


@dataclass(slots=True)
class Messages:
    """The way out. Nothing here raises for what Telegram answers: every call ends in an `Outcome`."""

    bot: Bot
    conversation: Conversation
    charts: Painter
    clock: Clock
    _floods: dict[int, float] = field(default_factory=dict)  # by chat, until when it is forbidden

    async def show(self, reply: Reply[object], target: Target, *, label: str | None = None) -> Outcome:
        """Make one attempt; `label` stands above a new message, never in an edited one: an edit cannot repeat."""
        try:
            rows = await self.conversation.offer(reply, target.owner, target.chat) if reply.buttons else ()
        except StoreError:
            return Retry(_STORAGE, "storage")
        buttons = keyboard(rows)
        photo = await self._drawn(reply)
        if target.edit is not None:
            parts = _composed(reply, photo, None)
            edited = await self._edited(parts[0], target, target.edit, buttons) if len(parts) == 1 else None
            if edited is not None:
                return edited
        return await self._send_all(_composed(reply, photo, label), target, buttons)

    async def line(self, text: str, target: Target, *, link: tuple[str, str] | None = None) -> Outcome:
        """Send one line, with a button that opens an address if `link` is (label, address)."""
        buttons = None if link is None else Keyboard([[Button(link[0], url=link[1])]])
        return await self._sent(Part(Styled(text)), target, buttons)

    async def _drawn(self, reply: Reply[object]) -> bytes | None:
        if reply.chart is None:
            return None
        try:
            return await self.charts.png(reply.chart)
        except ChartError as failure:
            log.warning("telegram.chart_missing", reason=str(failure))
            return None

    async def _send_all(self, parts: tuple[Part, ...], target: Target, buttons: Keyboard | None) -> Outcome:
        at = 0 if parts[0].photo is not None else len(parts) - 1
        first = await self._sent(parts[0], target, buttons if at == 0 else None)
        if not isinstance(first, Sent):
            return first
        for number, part in enumerate(parts[1:], 1):
            outcome = await self._following(part, target, buttons if at == number else None)
            match outcome:
                case Sent():
                    continue
                case Parked(reason, chat=False):
                    log.warning("telegram.part_refused", reason=reason, part=number + 1)
                case _:
                    # The beginning is there: whatever comes again has to say that it may be a repeat.
                    return Unknown("only a part was sent")
        return first

    async def _following(self, part: Part, target: Target, buttons: Keyboard | None) -> Outcome:
        await self.conversation.outbox.turn("telegram", target.place, private=target.private)
        outcome = await self._sent(part, target, buttons)
        if not isinstance(outcome, Retry) or outcome.after > _PATIENCE:
            return outcome
        await self.clock.sleep(outcome.after.total_seconds())
        return await self._sent(part, target, buttons)

    async def _sent(self, part: Part, target: Target, buttons: Keyboard | None) -> Outcome:
        while True:
            try:
                return Sent(await self._send(part, target, buttons))
            except Exception as error:  # noqa: BLE001  # whatever is not known to be a refusal has an unknown outcome
                repaired = _repaired(error, part, target)
                if repaired is None:
                    return self._outcome(error, target)
                part, target = repaired

    async def _send(self, part: Part, target: Target, buttons: Keyboard | None) -> int:
        place = target.place
        if part.photo is None:
            return await send_text(self.bot, place, part.styled, buttons, target.reply_to)
        answered = (
            None if target.reply_to is None else ReplyParameters(target.reply_to, allow_sending_without_reply=True)
        )
        message = await self.bot.send_photo(
            place.chat_id, part.photo, filename=_FILE_NAME, caption=part.styled.text,
            caption_entities=_entities(part.styled), message_thread_id=place.thread, reply_parameters=answered,
            api_kwargs=_markup(buttons),
        )  # fmt: skip
        return message.message_id

    async def _edited(self, part: Part, target: Target, message: int, buttons: Keyboard | None) -> Outcome | None:
        """Change a message in place; None where it cannot be, and a new one is due."""
        if part.photo is None and target.edit_is_photo:
            return None  # a photo cannot become a text
        try:
            await self._edit(part, target, message, buttons)
        except Exception as error:  # noqa: BLE001  # whatever is not known to be a refusal has an unknown outcome
            if is_refused(error, "message is not modified"):
                return Sent(message)
            return None if is_refused(error) else self._outcome(error, target)
        return Sent(message)

    async def _edit(self, part: Part, target: Target, message: int, buttons: Keyboard | None) -> None:
        styled = part.styled
        chat = target.place.chat_id
        if part.photo is None:
            await edit_text(self.bot, chat, message, styled, buttons)
        else:
            media = InputMediaPhoto(part.photo, styled.text, caption_entities=_entities(styled), filename=_FILE_NAME)
            await self.bot.edit_message_media(media, chat, message, api_kwargs=_markup(buttons))

    def _outcome(self, error: Exception, target: Target) -> Outcome:
        outcome = outcome_of(error)
        if isinstance(outcome, Unknown):
            log.warning("telegram.outcome_unknown", error=outcome.reason)
        if isinstance(outcome, Retry) and outcome.reason == "too many requests":
            return replace(outcome, whole_bot=self._is_everywhere(target.place.chat_id, outcome.after))
        return outcome

    def _is_everywhere(self, chat: int, after: timedelta) -> bool:
        """Say whether a 429 is meant for the whole bot: Telegram does not, but two chats at once are no coincidence."""
        now = self.clock.monotonic()
        self._floods = {each: until for each, until in self._floods.items() if until > now}
        self._floods[chat] = now + after.total_seconds()
        return len(self._floods) > 1


def _composed(reply: Reply[object], photo: bytes | None, label: str | None) -> tuple[Part, ...]:
    if photo is None:
        alt = None if reply.chart is None or reply.chart.alt in reply.card.lines else reply.chart.alt
        return tuple(Part(styled) for styled in render.parts(reply.card, first=label, alt=alt))
    caption = render.caption(reply.card, first=label)
    if caption is not None:
        return (Part(caption, photo, render.parts(reply.card, first=label)[0]),)
    text = render.parts(reply.card)
    return Part(render.short_caption(reply.card, first=label), photo, text[0]), *map(Part, text)


def _repaired(error: Exception, part: Part, target: Target) -> tuple[Part, Target] | None:
    """Return what to send after a definite refusal that has a cure; each cure takes its own cause away."""
    if target.place.thread is not None and is_refused(error, "thread not found", "topic_closed", "topic_deleted"):
        return part, replace(target, place=replace(target.place, thread=None))
    if part.styled.marks and is_refused(error, "entit"):
        return replace(part, styled=Styled(part.styled.text)), target
    if part.instead is not None and is_refused(error, "photo", "image", "media", "file", "caption"):
        return Part(part.instead), target
    return None


def _entities(styled: Styled) -> tuple[MessageEntity, ...]:
    return tuple(MessageEntity(mark.style, mark.offset, mark.length) for mark in styled.marks)


def _markup(buttons: Keyboard | None) -> dict[str, object] | None:
    return None if buttons is None else {"reply_markup": msgspec.to_builtins(buttons)}

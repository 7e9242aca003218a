"""One message owed → one attempt on Discord, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from msgspec import DecodeError
from msgspec.structs import replace as changed

from bot.platforms.discord import outcomes, render
from bot.platforms.discord.asked import Address, decode_address, snowflake
from bot.platforms.discord.conversing import Conversing, Pictures
from bot.platforms.discord.errors import NoAnswer, NotSent
from bot.platforms.discord.presses import Owner, naming, owner_of
from bot.platforms.discord.rest import Rest
from bot.platforms.discord.wire import Answer, Recipient, history
from bot.render.dividing import divided
from handlers.model import Reply
from services.clock import Clock
from services.domain.deliveries import (
    Delivery,
    Found,
    Looked,
    Missing,
    Outcome,
    Parked,
    Retry,
    Sent,
    Unknown,
    Unreadable,
)
from services.domain.pacing import Pace, Window
from services.domain.people import Place
from services.failpoints import failpoint
from services.store.errors import StoreError

PACE: Final = Pace(bot=Window(50, 1.0), private=Window(5, 5.0), group=Window(5, 5.0))
"""Discord's limit for a whole bot, and the usual one of a channel; its headers and refusals narrow it further."""
_LATER: Final = timedelta(seconds=5)
_LOOK_BACK: Final = timedelta(seconds=60)
_PAGE, _PAGES = 100, 5
_TAG: Final = 8  # characters of the nonce that find a message again; Discord itself forgets nonces


@dataclass(frozen=True, slots=True)
class _Target:
    """A channel to write to. `own` is False for a private chat that stands in for an interaction's answer."""

    place: Place
    private: bool
    own: bool = True


class DiscordSender:
    """Delivers through the bot's channels, where a repeated nonce makes no second message."""

    def __init__(self, conversation: Conversing, pictures: Pictures, clock: Clock, rest: Rest, bot_id: int) -> None:
        self.refusing: set[int] = set()  # chats that refused a message since they last spoke
        self._conversation = conversation
        self._pictures = pictures
        self._clock = clock
        self._rest = rest
        self._bot_id = bot_id
        self._private_channels: dict[int, int] = {}

    @property
    def remembers_nonce(self) -> bool:
        """Discord does, for some minutes."""
        return True

    async def send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        """Make one attempt. An answer to an interaction takes its message's place; if that is over, it is sent."""
        outcome = await self._send(delivery, reply, repeat=repeat)
        if isinstance(outcome, Parked) and outcome.chat:
            self.refusing.add(delivery.place.chat_id)
        return outcome

    async def _send(self, delivery: Delivery, reply: Reply[object], *, repeat: bool) -> Outcome:
        address = _address(delivery)
        try:
            extras = await self._extras(delivery, reply, address, repeat=repeat)
        except StoreError:
            return Retry(_LATER, "storage")
        drafts = await render.drafts(reply, self._pictures, extras)
        plain = render.plain_drafts(reply, extras)
        if address is not None:
            outcome = await self._answer(address, drafts, plain)
            if outcome is not None:
                return outcome
        return await self._post(delivery, _target(delivery, address), drafts, plain)

    def divide(self, reply: Reply[object]) -> tuple[Reply[object], ...]:
        """Return a reply as messages that Discord takes as embeds, and as plain words where it wants those."""
        return divided(reply, render.fits)

    async def is_answering(self, place: Place) -> bool:
        """Say whether Discord answers at all and takes the token."""
        del place
        try:
            return (await self._rest.call("GET", "/users/@me")).ok
        except (NotSent, NoAnswer):
            return False

    async def look_up(self, delivery: Delivery) -> Looked:
        """Look for the message's tag in what the channel holds since a minute before the first attempt."""
        address = _address(delivery)
        if address is not None:
            # Putting an answer in its place once more changes nothing; one that stands elsewhere has no tag.
            return Missing() if address.is_alive(self._clock.now()) else Unreadable()
        channel = await self._channel(_target(delivery, None))
        if not isinstance(channel, int):
            return Unreadable()
        since = snowflake((delivery.first_intended_at or delivery.created_at) - _LOOK_BACK)
        try:
            return await self._search(channel, since, tag(delivery).encode(), private=delivery.private)
        except (NotSent, NoAnswer):
            return Unreadable()

    async def _search(self, channel: int, since: int, wanted: bytes, *, private: bool) -> Looked:
        for _ in range(_PAGES):
            found = await self._history(channel, f"after={since}&limit={_PAGE}")
            if found is None:
                return Unreadable()
            for number, author, body in found:
                if author == self._bot_id and wanted in body:
                    return Found(number)
            if len(found) < _PAGE:
                # Without the right to read history Discord answers with an empty page, not with a refusal.
                is_readable = private or bool(found) or bool(await self._history(channel, "limit=1"))
                return Missing() if is_readable else Unreadable()
            since = max(number for number, _, _ in found)
        return Unreadable()

    async def _history(self, channel: int, query: str) -> list[tuple[int, int, bytes]] | None:
        answer = await self._rest.call("GET", f"/channels/{channel}/messages?{query}")
        found = history(answer.body) if answer.ok else None
        return None if found is None else [(int(each.id), int(each.author.id), body) for each, body in found]

    async def _extras(
        self, delivery: Delivery, reply: Reply[object], address: Address | None, *, repeat: bool
    ) -> render.Extras:
        owner = None if address is None else await self._owner(delivery, reply, address)
        chat = delivery.chat if owner is None else owner.caller.chat
        offered = await self._conversation.offer(reply, None if owner is None else owner.caller, chat)
        name = naming(
            self._conversation.dispatch,
            in_place=_in_place(delivery, address),
            personal=owner is not None and owner.personal,
            tag=tag(delivery),
        )
        return render.Extras(render.rows(offered, reply, name), repeat, tag(delivery) if address is None else "")

    async def _owner(self, delivery: Delivery, reply: Reply[object], address: Address) -> Owner:
        asker = await self._conversation.caller(delivery.place, address.user, private=delivery.private)
        return await owner_of(self._conversation, reply, asker)

    async def _answer(
        self, address: Address, drafts: Sequence[render.Draft], plain: Sequence[render.Draft]
    ) -> Outcome | None:
        """Put the answer in the place of the interaction's message; None if that is no longer possible."""
        try:
            answer = await self._rest.call("PATCH", address.original, drafts[0].message, png=drafts[0].png, token=False)
            if outcomes.is_bad_form(answer):
                answer = await self._rest.call("PATCH", address.original, plain[0].message, token=False)
                drafts = plain
            for draft in drafts[1:] if answer.ok else ():
                message = changed(draft.message, flags=address.flags)
                await self._rest.call("POST", address.hook, message, token=False)
        except NotSent as failure:
            return outcomes.not_sent(str(failure))
        except NoAnswer as failure:
            return Unknown(str(failure))
        return outcomes.of_edit(answer)

    async def _post(
        self, delivery: Delivery, target: _Target, drafts: Sequence[render.Draft], plain: Sequence[render.Draft]
    ) -> Outcome:
        channel = await self._channel(target)
        if not isinstance(channel, int):
            return _settled(channel, target)
        first: Outcome = Parked("nothing to say", chat=False)
        for number, draft in enumerate(drafts):
            answer = await self._attempt(channel, draft, _nonce(delivery, number), target.place)
            if number == 0 and drafts is not plain and isinstance(answer, Answer) and outcomes.is_bad_form(answer):
                return await self._post(delivery, target, plain, plain)
            outcome = outcomes.of_send(answer) if isinstance(answer, Answer) else answer
            if not isinstance(outcome, Sent):
                return _settled(outcome, target)
            first = outcome if number == 0 else first
        return first

    async def _attempt(self, channel: int, draft: render.Draft, nonce: str, place: Place) -> Answer | Outcome:
        message = changed(draft.message, nonce=nonce, enforce_nonce=True)
        failpoint("discord.before_send")
        try:
            answer = await self._rest.call("POST", f"/channels/{channel}/messages", message, png=draft.png)
        except NotSent as failure:
            return outcomes.not_sent(str(failure))
        except NoAnswer as failure:
            return Unknown(str(failure))
        failpoint("discord.after_send")
        if answer.spent_seconds is not None:
            self._conversation.outbox.halt(place, answer.spent_seconds)
        return answer

    async def _channel(self, target: _Target) -> int | Outcome:
        """Return the channel's id; for a person the one that Discord opens, or what became of opening it."""
        person = target.place.chat_id
        if not target.private:
            return person
        if person not in self._private_channels:
            await self._conversation.outbox.turn("discord", target.place, private=True)
            failpoint("discord.before_channel")
            try:
                answer = await self._rest.call("POST", "/users/@me/channels", Recipient(str(person)))
            except (NotSent, NoAnswer) as failure:
                return Retry(_LATER, str(failure))  # without the channel nothing was sent
            number = answer.number if answer.ok else None
            if number is None:
                return outcomes.of_opening(answer)
            failpoint("discord.after_channel")
            self._private_channels[person] = number
        return self._private_channels[person]


def tag(delivery: Delivery) -> str:
    """Return what a sent message carries so that it can be found again."""
    return delivery.nonce[:_TAG]


def _nonce(delivery: Delivery, number: int) -> str:
    return delivery.nonce if number == 0 else f"{delivery.nonce[:21]}.{number}"


def _address(delivery: Delivery) -> Address | None:
    try:
        return None if delivery.answers is None else decode_address(delivery.answers)
    except DecodeError:
        return None


def _in_place(delivery: Delivery, address: Address | None) -> bool | None:
    if address is None:
        return False  # an alert stays as it was told
    return True if address.hidden or delivery.private else None


def _target(delivery: Delivery, address: Address | None) -> _Target:
    if address is None or not address.hidden or delivery.private:
        return _Target(delivery.place, delivery.private)
    # What only one person may see goes to that person, never into the channel.
    return _Target(Place("discord", delivery.place.bot_id, address.user), private=True, own=False)


def _settled(outcome: Outcome, target: _Target) -> Outcome:
    """Return the outcome for the delivery: a refused stand-in says nothing about the chat itself."""
    if isinstance(outcome, Parked) and not target.own:
        return Parked(outcome.reason, chat=False)
    return outcome

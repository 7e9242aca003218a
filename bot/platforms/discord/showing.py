"""Answers that are shown directly: nothing is owed, so a few tries are enough."""

from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import UNSET
from msgspec.structs import replace as changed

from bot.platforms.discord import outcomes, render
from bot.platforms.discord.asked import Address, Waiting
from bot.platforms.discord.conversing import Conversing, Pictures
from bot.platforms.discord.errors import NoAnswer, NotSent
from bot.platforms.discord.presses import naming
from bot.platforms.discord.rest import Rest
from bot.platforms.discord.wire import EPHEMERAL, Answer, ButtonRow, Callback, Deferral, Message
from handlers.model import Card, Reply
from services.clock import Clock
from services.domain.people import Caller
from services.store.errors import StoreError

log = structlog.get_logger()
_TRIES: Final = 3
_LONGEST_WAIT_SECONDS: Final = 30.0


class Stage:
    """Where answers to interactions appear."""

    def __init__(self, conversation: Conversing, pictures: Pictures, clock: Clock, rest: Rest) -> None:
        self._conversation = conversation
        self._pictures = pictures
        self._clock = clock
        self._rest = rest

    async def defer(self, address: Address, how: Waiting) -> bool:
        """Tell Discord that an answer will come; False if it no longer wants one, and then nothing must happen."""
        data = Deferral(address.flags) if how == "thinking" else UNSET
        callback = Callback(5 if how == "thinking" else 6, data)
        path = f"/interactions/{address.interaction}/{address.token}/callback"
        for _ in range(2):
            try:
                answer = await self._rest.call("POST", path, callback, token=False)
            except NotSent:
                continue
            except NoAnswer:
                return True  # it may have arrived; if not, the answer finds another way
            if answer.ok:
                return True
            if answer.status < 500:
                log.warning("discord.not_deferred", status=answer.status, code=answer.refusal.code)
                return False
        return False

    async def is_deferred(self, address: Address) -> bool:
        """Say whether Discord was told that an answer will come; True where it does not say."""
        answer = await self._try("GET", address.original)
        return answer is None or answer.status != 404

    async def say_aside(self, address: Address, card: Card) -> None:
        """Answer at once, for the person's eyes only; for what is refused without any work."""
        (draft, *_) = render.plain_drafts(Reply(None, card), render.Extras())
        callback = Callback(4, changed(draft.message, flags=EPHEMERAL))
        path = f"/interactions/{address.interaction}/{address.token}/callback"
        await self._try("POST", path, callback)

    async def show(self, address: Address, reply: Reply[object], caller: Caller | None, *, shared: bool) -> None:
        """Put a reply in the place of the deferred answer; what is private never where others can read it."""
        if reply.private and shared and not address.hidden:
            await self._try("DELETE", address.original)
            await self.show_aside(address, reply, caller)
            return
        drafts, plain = await self._drafts(reply, caller, in_place=None if shared and not address.hidden else True)
        await self._edit(address, drafts, plain)

    async def show_aside(self, address: Address, reply: Reply[object], caller: Caller | None) -> None:
        """Show a reply to the person alone and leave the message that was answered as it is."""
        drafts, plain = await self._drafts(reply, caller, in_place=True)
        if not await self._follow_up(address, drafts, EPHEMERAL):
            await self._follow_up(address, plain, EPHEMERAL)

    async def _drafts(
        self, reply: Reply[object], caller: Caller | None, *, in_place: bool | None
    ) -> tuple[tuple[render.Draft, ...], tuple[render.Draft, ...]]:
        extras = render.Extras(await self._rows(reply, caller, in_place=in_place))
        return await render.drafts(reply, self._pictures, extras), render.plain_drafts(reply, extras)

    async def _rows(
        self, reply: Reply[object], caller: Caller | None, *, in_place: bool | None
    ) -> tuple[ButtonRow, ...]:
        if not reply.buttons or caller is None:
            return ()
        try:
            offered = await self._conversation.offer(reply, caller, caller.chat)
        except StoreError as failure:  # an answer without buttons is better than none
            log.warning("discord.no_buttons", reason=str(failure))
            return ()
        return render.rows(offered, reply, naming(self._conversation.dispatch, in_place=in_place))

    async def _edit(self, address: Address, drafts: Sequence[render.Draft], plain: Sequence[render.Draft]) -> None:
        answer = await self._try("PATCH", address.original, drafts[0].message, drafts[0].png)
        if answer is not None and outcomes.is_bad_form(answer):
            drafts = plain
            answer = await self._try("PATCH", address.original, plain[0].message)
        if answer is not None and answer.ok:
            await self._follow_up(address, drafts[1:], address.flags)

    async def _follow_up(self, address: Address, drafts: Sequence[render.Draft], flags: int) -> bool:
        for draft in drafts:
            answer = await self._try("POST", address.hook, changed(draft.message, flags=flags), draft.png)
            if answer is None or not answer.ok:
                return answer is None or not outcomes.is_bad_form(answer)
        return True

    async def _try(
        self, method: str, path: str, body: Message | Callback | None = None, png: bytes | None = None
    ) -> Answer | None:
        """Return Discord's last word on it; None when there is none. A repeat may only follow where it does no harm."""
        answer: Answer | None = None
        for _ in range(_TRIES):
            wait = 1.0
            try:
                answer = await self._rest.call(method, path, body, png=png, token=False)
            except NotSent:
                answer = None
            except NoAnswer:
                answer = None
                if method == "POST":
                    break
            else:
                if answer.status == 429:
                    wait = outcomes.limited(answer).after.total_seconds()
                elif answer.status < 500 or method == "POST":
                    break
            if wait > _LONGEST_WAIT_SECONDS:
                break
            await self._clock.sleep(wait)
        if answer is None or not answer.ok:
            log.warning("discord.not_shown", method=method, status=None if answer is None else answer.status)
        return answer

"""Slash commands, half-typed options and pressed buttons: each becomes one question to the conversation."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import DecodeError
from msgspec.structs import replace

from bot.platforms.discord import presses
from bot.platforms.discord.asked import Asked, Interaction, Spot, address, decode_asked, encode, spot
from bot.platforms.discord.conversing import Conversing, Words
from bot.platforms.discord.showing import Stage
from handlers.declaration import Command
from handlers.dispatch import Call, Failure, refused
from handlers.model import Card, Reply
from services.clock import Clock
from services.domain.language import say
from services.domain.people import Caller, Place
from services.errors import UserError
from services.store.errors import StoreError
from services.store.inbox import Receipt, Received

log = structlog.get_logger()
_SUGGEST_SECONDS: Final = 2.0
_CHOICE: Final = 100
_PERSONAL: Final = frozenset(
    (
        "alert", "alerts", "digest", "export", "forget", "history", "import", "link", "mute", "op", "portfolio",
        "privacy", "quiet", "settings", "subscribe", "unmute", "watch",
    )
)  # fmt: skip


class Desk:
    """Takes what people do on Discord and sees to it that each gets an answer."""

    def __init__(self, conversation: Conversing, clock: Clock, stage: Stage, bot_id: int, refusing: set[int]) -> None:
        """`refusing` holds the chats that took no message lately; one that speaks again may take them again."""
        self._conversation = conversation
        self._clock = clock
        self._stage = stage
        self._bot_id = bot_id
        self._refusing = refusing
        self._under_way: set[asyncio.Task[object]] = set()

    async def command(self, interaction: Interaction, command: Command, words: Words) -> None:
        """Answer a slash command."""
        where = spot(interaction)
        hidden = where.shared and is_personal(command)
        asked = Asked(address(interaction, hidden=hidden), where, command=command.path, words=words)
        await self._answer(asked, self._receipt(asked) if command.changes else None)

    async def press(self, interaction: Interaction, custom_id: str) -> None:
        """Answer a pressed button: in its message's place, or beside it for the person alone."""
        where, press = spot(interaction), presses.read(custom_id)
        if press.personal:
            where = replace(where, chat=interaction.user.id, private=True, may_administer=False)
        is_hidden = interaction.message is not None and interaction.message.flags.ephemeral
        hidden = is_hidden if press.edits else where.shared
        asked = Asked(address(interaction, hidden=hidden), where, press=press.ref, edits=press.edits)
        await self._answer(asked, self._receipt(asked))

    async def suggest(
        self, interaction: Interaction, command: Command, parameter: str, typed: str
    ) -> tuple[tuple[str, str], ...]:
        """Return what completes an option, as (shown, value), at most 25; nothing where that fails or is too slow."""
        where = spot(interaction)
        is_list = any(each.many for each in command.parameters if each.name == parameter)
        before, _, last = typed.rpartition(" ") if is_list else ("", "", typed)
        try:
            async with asyncio.timeout(_SUGGEST_SECONDS):
                caller = await self._caller(where, interaction.user.id)
                found = await self._conversation.complete(command, parameter, last, caller)
        except Exception:
            log.exception("discord.no_suggestions", command=command.name)
            return ()
        start = f"{before} " if before else ""
        whole = ((f"{start}{label}", f"{start}{value}") for label, value in found)
        return tuple((_cut(label), value) for label, value in whole if 0 < len(value) <= _CHOICE)[:25]

    async def refuse(self, interaction: Interaction, sentence: str) -> None:
        """Answer with one sentence, for the person's eyes only."""
        await self._stage.say_aside(address(interaction, hidden=True), Card(sentence, tone="warning"))

    async def take_up(self, left: Sequence[Received]) -> None:
        """Answer what an earlier process received and did not finish; what fails is left to the next start."""
        for each in left:
            try:
                await self._resume(each)
            except Exception:
                log.exception("discord.not_taken_up", update=each.receipt.update_id)

    async def _resume(self, left: Received) -> None:
        try:
            asked = decode_asked(left.body)
        except DecodeError:
            log.warning("discord.unreadable_question", update=left.receipt.update_id)
            await self._conversation.finish(left.receipt)
            return
        if asked.address.is_alive(self._clock.now()) and await self._stage.is_deferred(asked.address):
            await self._carry_out(asked, left.receipt)
        else:
            # Discord has told the person that it failed; doing it now would come as a surprise.
            await self._conversation.finish(left.receipt)

    async def rest(self, seconds: float) -> None:
        """Wait until what is under way is answered, so long at most."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)

    async def _answer(self, asked: Asked, receipt: Receipt | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            if await self._is_taken(asked, receipt):
                await self._carry_out(asked, receipt)
            await self._welcome_back(asked.spot)
        except StoreError as failure:
            log.warning("discord.store_failed", reason=str(failure))
            await self._show(asked, refused(UserError(_no_storage())), None)
        except Exception:
            log.exception("discord.not_answered")  # without a word the person would be told to wait for a quarter hour
            await self._show(asked, refused(UserError(say("Something went wrong here. Try again later."))), None)
        finally:
            self._under_way.discard(task)

    async def _is_taken(self, asked: Asked, receipt: Receipt | None) -> bool:
        """Say whether to do what is asked: kept before Discord hears that it is taken, so that no promise is lost."""
        if receipt is None:
            return await self._stage.defer(asked.address, asked.waiting)
        try:
            is_new = bool(await self._conversation.receive([(receipt, asked.address.user, encode(asked))]))
        except StoreError:
            if not await self._stage.defer(asked.address, asked.waiting):
                return False
            raise
        if not is_new:
            return False
        if await self._stage.defer(asked.address, asked.waiting):
            return True
        await self._conversation.finish(receipt)
        return False

    async def _carry_out(self, asked: Asked, receipt: Receipt | None) -> None:
        caller = await self._caller(asked.spot, asked.address.user)
        answers = encode(asked.address)
        if asked.press is not None:
            reply = await self._conversation.answer_press(asked.press, caller, receipt, answers)
        else:
            command = self._conversation.dispatch.find(asked.command)
            reply = None
            if command is not None:
                reply = await self._conversation.answer_call(Call(command, asked.words), caller, receipt, answers)
        if reply is None:
            return
        await self._show(asked, reply, caller)
        if receipt is not None:
            await self._conversation.finish(receipt)

    async def _welcome_back(self, where: Spot) -> None:
        if where.chat in self._refusing:
            self._refusing.discard(where.chat)
            await self._conversation.back(self._place(where))

    async def _show(self, asked: Asked, reply: Reply[object], caller: Caller | None) -> None:
        is_exposed = reply.private and asked.spot.shared and not asked.address.hidden
        if asked.edits and (is_exposed or isinstance(reply.data, Failure)):
            await self._stage.show_aside(asked.address, reply, caller)
        else:
            await self._stage.show(asked.address, reply, caller, shared=asked.spot.shared)

    async def _caller(self, where: Spot, user: int) -> Caller:
        place = self._place(where)
        return await self._conversation.caller(place, user, private=where.private, may_administer=where.may_administer)

    def _place(self, where: Spot) -> Place:
        return Place("discord", self._bot_id, where.chat)

    def _receipt(self, asked: Asked) -> Receipt:
        return Receipt("discord", self._bot_id, asked.address.interaction)


def _no_storage() -> str:
    return say("Storage does not work at the moment. Nothing was saved; try again later.")


def is_personal(command: Command) -> bool:
    """Say whether a command's answer is for the person alone."""
    return command.changes or command.path[0] in _PERSONAL


def _cut(label: str) -> str:
    return label if len(label) <= _CHOICE else f"{label[: _CHOICE - 1]}…"

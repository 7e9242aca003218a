"""U1, U2, U4: what Telegram may answer to an alert, and what must become of it; a group that moves under a kill."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from tests.chaos.verdict import Scenario, Verdict
from tests.fakes.telegram import Chat, Fault, FaultKind, Message, User
from tests.process import harness, judge
from tests.process.harness import ANN, PATIENCE, Fakes, Flowbell

Class = Literal["parked", "again", "labelled", "plain"]
"""Parked: one attempt, and told when the chat is back. Again: told, unlabelled. Labelled: told as a possible repeat."""

_FIRST_PERSON: Final = 110_000
_LEVEL: Final = "BTC is above $91,000\n$"
_UNTIL_REPEATED_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Body:
    """One answer of Telegram's and the class that it belongs to."""

    fault: FaultKind
    description: str
    meaning: Class
    status: int = 502


BODIES: Final = (
    *(Body(FaultKind.FORBIDDEN, text, "parked") for text in (
        "bot was blocked by the user", "user is deactivated", "bot can't initiate conversation with a user",
        "bot is not a member of the channel chat", "bot was kicked from the group chat",
        "the group chat was deleted", "something that nobody has seen yet",
    )),
    *(Body(FaultKind.BAD_REQUEST, text, "parked") for text in (
        "chat not found", "PEER_ID_INVALID", "user not found", "CHAT_WRITE_FORBIDDEN", "CHAT_RESTRICTED",
        "not enough rights to send text messages to the chat", "have no rights to send a message",
        "need administrator rights in the channel chat", "TOPIC_CLOSED", "message thread not found",
    )),
    Body(FaultKind.BAD_REQUEST, "can't parse entities: unsupported start tag \"x\" at byte offset 0", "plain"),
    Body(FaultKind.FLOOD, "", "again"),
    *(Body(kind, "", "labelled") for kind in (
        FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.LOST_ANSWER, FaultKind.TRUNCATED, FaultKind.GARBAGE,
        FaultKind.OK_FALSE,
    )),
    *(Body(FaultKind.SERVER_ERROR, "", "labelled", status) for status in (500, 502, 503, 504)),
)  # fmt: skip


async def run(seed: int, count: int, folder: Path) -> Verdict:
    """Give each of `count` people an alert and an answer of their own; then move a group, four times under a kill."""
    del seed  # the list is the list
    async with harness.fakes() as outside:
        settings = harness.addresses(outside) | harness.UNPACED | {"FLOWBELL_TELEGRAM__TOKEN": harness.TELEGRAM_TOKEN}
        bot = Flowbell(outside, folder, settings | {"FLOWBELL_LOG__LEVEL": "info"})
        try:
            broken = await _answered(bot, outside, BODIES[:count])
            moved = [await _moved(bot, outside, number, by_error=number % 2 == 0) for number in range(4)]
            await bot.stop()
        finally:
            await bot.clean_up()
    broken += [each for each in moved if each]
    return Verdict({"bodies": min(count, len(BODIES)), "moves": len(moved), "wrong": len(broken)}, tuple(broken))


async def _answered(bot: Flowbell, outside: Fakes, bodies: Sequence[Body]) -> list[str]:
    telegram = outside.telegram
    people = [User(_FIRST_PERSON + number, f"Person {number}") for number in range(len(bodies))]
    await bot.launch()
    await bot.listening_on_telegram()
    for each in people:
        telegram.message(each, "/alert btc > 91k")
    await telegram.wait_until(lambda: len(telegram.world.sent) >= len(people), PATIENCE)
    for person, body in zip(people, bodies, strict=True):
        plan = Fault(kind=body.fault, method="sendMessage", chat=person.id, description=body.description or None,
                     status=body.status, retry_after=2)  # fmt: skip
        telegram.faults.add(plan)
    before = len(telegram.log)
    await outside.exchanges.set_price("BTC", Decimal(91_500))
    await bot.lives_on(_UNTIL_REPEATED_SECONDS)
    calls = [call for call in telegram.log[before:] if call.method == "sendMessage"]
    attempts = {each.id: [call for call in calls if call.chat_id == each.id] for each in people}
    broken = [f"{body.description}: {len(attempts[each.id])} attempts at a chat that refuses"
              for each, body in zip(people, bodies, strict=True)
              if body.meaning == "parked" and len(attempts[each.id]) != 1]  # fmt: skip
    for each, body in zip(people, bodies, strict=True):
        if body.meaning == "parked":
            telegram.unblock(each)
    await bot.lives_on(5.0)
    for each, body in zip(people, bodies, strict=True):
        copies = [message for message in telegram.sent(each.id) if _LEVEL in message.text]
        plain = [message for message in copies if not message.text.startswith(judge.LABEL)]
        wanted = body.meaning != "labelled"
        if not copies or len(plain) > 1 or (wanted and len(copies) != 1) or not (wanted or _is_labelled(copies[-1])):
            told = [message.text.partition("\n")[0] for message in copies]
            broken.append(f"{body.fault} {body.description or body.status}: told {told}")
    return broken


def _is_labelled(message: Message) -> bool:
    return message.text.startswith(judge.LABEL)


async def _moved(bot: Flowbell, outside: Fakes, number: int, *, by_error: bool) -> str | None:
    """Move a group while the process is dead; it hears of it by a refusal or by the service messages, and is killed."""
    telegram, level = outside.telegram, 95_000 + number
    group = Chat(-700 - number, "group", title=f"Group {number}")
    telegram.my_chat_member(group, ANN, "member")
    telegram.chat_member(group, ANN, "creator")
    telegram.message(ANN, f"/alert btc > {level} here", chat=group)
    try:
        await telegram.wait_for(lambda message: message.chat_id == group.id and "is set" in message.text, PATIENCE)
    except TimeoutError:
        return f"group {number} has no alert: {[each.text[:80] for each in telegram.sent(group.id)]}"
    await bot.kill()
    target = telegram.migrate(group, ANN)
    if by_error:
        telegram.world.updates.drop()
    await bot.launch()
    await bot.listening_on_telegram()
    await outside.exchanges.set_price("BTC", Decimal(level + 0.5))
    await bot.lives_on(0.05 * (number + 1))
    await bot.kill()
    await bot.launch()
    await bot.listening_on_telegram()
    words = f"BTC is above ${level:,}\n$"
    try:
        await telegram.wait_for(lambda message: message.chat_id == target.id and words in message.text, PATIENCE)
    except TimeoutError:
        return f"group {number} was never told"
    await bot.lives_on(1.0)
    plain = [each for each in telegram.sent() if words in each.text and not _is_labelled(each)]
    return None if len(plain) <= 1 else f"group {number} was told {len(plain)} times without a label"


SCENARIO = Scenario(
    "refusals", "U1", "bodies", len(BODIES),
    "every answer of Telegram's is understood: one attempt at a chat that refuses, nothing lost, no silent repeat", run,
)  # fmt: skip

"""Every known way in which a platform refuses a message, and what it means for the message and its chat."""

import json
from datetime import timedelta

import pytest
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.platforms.discord.outcomes import is_bad_form, of_send
from bot.platforms.discord.wire import Answer
from bot.platforms.telegram.errors import is_refused, outcome_of
from services.domain.deliveries import Outcome, Parked, Retry, Sent, Unknown

TELEGRAM: list[tuple[TelegramError, Outcome]] = [
    (Forbidden("bot was blocked by the user"), Parked("blocked")),
    (Forbidden("user is deactivated"), Parked("deactivated")),
    (Forbidden("bot was kicked from the group chat"), Parked("kicked")),
    (Forbidden("bot was kicked from the supergroup chat"), Parked("kicked")),
    (Forbidden("bot was kicked from the channel chat"), Parked("kicked")),
    (Forbidden("bot is not a member of the group chat"), Parked("not a member")),
    (Forbidden("bot is not a member of the supergroup chat"), Parked("not a member")),
    (Forbidden("bot is not a member of the channel chat"), Parked("not a member")),
    (Forbidden("the group chat was deleted"), Parked("deleted")),
    (Forbidden("bot can't initiate conversation with a user"), Parked("not started")),
    (Forbidden("bot can't send messages to bots"), Parked("forbidden")),
    (BadRequest("chat not found"), Parked("chat not found")),
    (BadRequest("private chat not found"), Parked("chat not found")),
    (BadRequest("user not found"), Parked("chat not found")),
    (BadRequest("PEER_ID_INVALID"), Parked("chat not found")),
    (BadRequest("message thread not found"), Parked("topic closed")),
    (BadRequest("TOPIC_CLOSED"), Parked("topic closed")),
    (BadRequest("CHAT_WRITE_FORBIDDEN"), Parked("may not write")),
    (BadRequest("CHAT_RESTRICTED"), Parked("may not write")),
    (BadRequest("CHAT_SEND_PLAIN_FORBIDDEN"), Parked("may not write")),
    (BadRequest("CHAT_ADMIN_REQUIRED"), Parked("may not write")),
    (BadRequest("have no rights to send a message"), Parked("may not write")),
    (BadRequest("not enough rights to send text messages to the chat"), Parked("may not write")),
    (BadRequest("need administrator rights in the channel chat"), Parked("may not write")),
    (BadRequest("group chat was deactivated"), Parked("deleted")),
    (BadRequest("CHANNEL_PRIVATE"), Parked("kicked")),
    (BadRequest("USER_IS_BLOCKED"), Parked("blocked")),
    (BadRequest("INPUT_USER_DEACTIVATED"), Parked("deactivated")),
    (BadRequest("message is too long"), Parked("bad request", chat=False)),
    (BadRequest("reply markup is too long"), Parked("bad request", chat=False)),
    (BadRequest("message text is empty"), Parked("bad request", chat=False)),
    (BadRequest("something that nobody has seen yet"), Parked("bad request", chat=False)),
    (TelegramError("something else"), Unknown("TelegramError")),
]


@pytest.mark.parametrize(("error", "outcome"), TELEGRAM, ids=[error.message for error, _ in TELEGRAM])
def test_what_telegram_refuses(error: TelegramError, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome


@pytest.mark.parametrize("words", ["can't parse entities: offset", "ENTITY_BOUNDS_INVALID", "ENTITIES_TOO_LONG"])
def test_what_telegram_takes_as_plain_text(words: str) -> None:
    assert is_refused(BadRequest(words), "entit")


DISCORD: list[tuple[int, int, Outcome]] = [
    (404, 10003, Parked("discord 10003")),
    (404, 10004, Parked("discord 10004")),
    (404, 10008, Sent(None)),
    (404, 10013, Parked("discord 10013")),
    (404, 0, Parked("discord 0")),
    (403, 50001, Parked("discord 50001")),
    (403, 50007, Parked("discord 50007")),
    (403, 50013, Parked("discord 50013")),
    (403, 50278, Parked("discord 50278")),
    (403, 160005, Parked("discord 160005")),
    (403, 20016, Retry(timedelta(seconds=10), "discord 20016")),
    (400, 20022, Retry(timedelta(seconds=10), "discord 20022")),
    (400, 20028, Retry(timedelta(seconds=10), "discord 20028")),
    (400, 130000, Retry(timedelta(seconds=10), "discord 130000")),
    (400, 50008, Parked("discord 50008")),
    (400, 50024, Parked("discord 50024")),
    (400, 50083, Parked("discord 50083")),
    (400, 50006, Parked("discord 50006", chat=False)),
    (400, 50035, Parked("discord 50035", chat=False)),
    (400, 200000, Parked("discord 200000", chat=False)),
    (400, 0, Parked("discord 400", chat=False)),
    (403, 0, Retry(timedelta(minutes=1), "refused by the edge", whole_bot=True)),
    (401, 0, Retry(timedelta(minutes=1), "token refused", whole_bot=True)),
    (408, 0, Unknown("status 408")),
    (500, 0, Unknown("status 500")),
    (502, 0, Unknown("status 502")),
    (503, 130000, Unknown("status 503")),
]


@pytest.mark.parametrize(("status", "code", "outcome"), DISCORD)
def test_what_discord_refuses(status: int, code: int, outcome: Outcome) -> None:
    assert of_send(Answer(status, json.dumps({"code": code, "message": "no"}).encode())) == outcome


@pytest.mark.parametrize("code", [40005, 50006, 50035, 50109])
def test_what_discord_takes_as_plain_words(code: int) -> None:
    assert is_bad_form(Answer(400, json.dumps({"code": code, "message": "no"}).encode()))

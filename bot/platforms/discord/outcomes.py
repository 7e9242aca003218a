"""What an answer of Discord means for a message that is owed. Pure: status and code in, outcome out."""

from datetime import timedelta
from typing import Final

from bot.platforms.discord.wire import Answer
from services.domain.deliveries import Outcome, Parked, Retry, Sent, Unknown

UNKNOWN_MESSAGE: Final = 10008
_EDGE_BAN_SECONDS: Final = 60.0
_BAD_FORM: Final = frozenset((40005, 50006, 50035, 50109))
_SLOWED: Final = frozenset((20016, 20022, 20028, 130000))  # slow mode, write limits of a channel, overload
_CLOSED: Final = frozenset((50008, 50024, 50083, 160005))  # no text there, an archived or locked thread
_SLOWED_FOR: Final = timedelta(seconds=10)
_LATER: Final = timedelta(seconds=5)
_TOKEN_REFUSED: Final = timedelta(minutes=1)


def not_sent(reason: str) -> Retry:
    """Return the outcome of a request that never left: the way to Discord is broken, for every chat alike."""
    return Retry(_LATER, reason, whole_bot=True)


def of_send(answer: Answer) -> Outcome:
    """Return what became of a message sent to a channel."""
    if answer.ok:
        number = answer.number
        return Unknown("unreadable answer") if number is None else Sent(number)
    refusal = answer.refusal
    match answer.status:
        case 429:
            return limited(answer)
        case 401:
            return Retry(_TOKEN_REFUSED, "token refused", whole_bot=True)
        case 403 if refusal.code == 0:
            return Retry(_TOKEN_REFUSED, "refused by the edge", whole_bot=True)
        case 404 if refusal.code == UNKNOWN_MESSAGE:
            return Sent(None)  # the nonce names a message that has been deleted since: it was delivered
        case status if status >= 500 or status == 408:
            return Unknown(f"status {status}")
        case status:
            return _refused(status, refusal.code)


def _refused(status: int, code: int) -> Outcome:
    if code in _SLOWED:
        return Retry(_SLOWED_FOR, f"discord {code}")
    whole_chat = status in (403, 404) or code in _CLOSED
    return Parked(f"discord {code if whole_chat else code or status}", chat=whole_chat)


def of_edit(answer: Answer) -> Outcome | None:
    """Return what became of putting an answer in its place; None if that place is gone and the words must be sent."""
    match answer.status:
        case _ if answer.ok:
            return Sent(answer.number)
        case 429:
            return limited(answer)
        case 404 if answer.refusal.code == UNKNOWN_MESSAGE:
            return Sent(None)  # the person has dismissed it
        case status if status >= 500:
            return Unknown(f"status {status}")
        case _:
            return None


def of_opening(answer: Answer) -> Outcome:
    """Return why a private channel could not be opened; no message was sent either way."""
    outcome = of_send(answer)
    return Retry(_LATER, outcome.reason) if isinstance(outcome, Unknown) else outcome


def limited(answer: Answer) -> Retry:
    """Return when a refused request may be repeated; a 429 by the edge halts the whole bot."""
    refusal = answer.refusal
    if refusal.retry_after is None or not answer.via:
        seconds = _header_seconds(answer.retry_after_header)
        return Retry(timedelta(seconds=seconds), "banned by the edge", whole_bot=True)
    return Retry(timedelta(seconds=refusal.retry_after), "rate limit", whole_bot=refusal.is_global)


def is_bad_form(answer: Answer) -> bool:
    """Say whether Discord dislikes how the message is built, so that plain words may still pass."""
    return answer.status in (400, 413) and (answer.status == 413 or answer.refusal.code in _BAD_FORM)


def _header_seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdecimal() else _EDGE_BAN_SECONDS

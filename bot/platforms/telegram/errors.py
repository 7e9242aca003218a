"""What goes wrong between us and Telegram, and what each failure says about whether a message arrived."""

from datetime import timedelta

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError

from services.domain.deliveries import Moved, Outcome, Parked, Retry, Unknown
from services.domain.language import say


class WrongToken(Exception):
    """Telegram does not know this token: nothing can be read or sent until it is replaced; the text says how."""

    def __init__(self) -> None:
        super().__init__(
            say("Telegram refuses the token. Ask @BotFather for it with /token, and set FLOWBELL_TELEGRAM__TOKEN.")
        )


class NotSent(NetworkError):
    """No connection could be made: certainly no byte of the request has left."""


class Unanswered(NetworkError):
    """The request may have arrived, but its answer has not: nobody knows."""


class Flooded(TelegramError):
    """429: certainly not carried out, and nothing more may be asked before `after` has passed."""

    def __init__(self, after: timedelta) -> None:
        super().__init__("too many requests")
        self.after = after


NOT_STARTED = "not started"
_RECONNECT = timedelta(seconds=1)
_TOKEN_REPLACED = timedelta(seconds=60)

# Descriptions as core.telegram.org's server writes them, compared in lower case; the reason is a counter's label.
_FORBIDDEN = (
    ("can't initiate conversation", NOT_STARTED),
    ("blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("kicked", "kicked"),
    ("not a member", "not a member"),
    ("was deleted", "deleted"),
)
_CLOSED_CHAT = (
    ("chat not found", "chat not found"),
    ("peer_id_invalid", "chat not found"),
    ("user not found", "chat not found"),
    ("user_is_blocked", "blocked"),
    ("user_deactivated", "deactivated"),
    ("channel_private", "kicked"),
    ("chat was deactivated", "deleted"),
    ("group chat was deleted", "deleted"),
    ("chat_write_forbidden", "may not write"),
    ("chat_send_", "may not write"),
    ("chat_admin_required", "may not write"),
    ("chat_restricted", "may not write"),
    ("not enough rights", "may not write"),
    ("have no rights", "may not write"),
    ("need administrator rights", "may not write"),
    ("topic_closed", "topic closed"),
    ("message thread not found", "topic closed"),
)


def outcome_of(error: Exception) -> Outcome:
    """Classify a failed call; whatever is not known to be a refusal is `Unknown`."""
    match error:
        case NotSent():
            return Retry(_RECONNECT, "not connected")
        case Flooded():
            return Retry(error.after, "too many requests")
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case _ if error.__cause__ is not None:
            return Unknown(type(error).__name__)  # a status without Telegram's own body: a proxy spoke
        case InvalidToken():
            return Retry(_TOKEN_REPLACED, "wrong token", whole_bot=True)
        case Forbidden():
            return Parked(_reason(error, _FORBIDDEN) or "forbidden")
        case BadRequest():
            reason = _reason(error, _CLOSED_CHAT)
            return Parked("bad request", chat=False) if reason is None else Parked(reason)
        case _:
            return Unknown(type(error).__name__)


def is_refused(error: Exception, *words: str) -> bool:
    """Say whether this is Telegram's own 400, and one whose description holds any of `words` where some are given."""
    if not isinstance(error, BadRequest) or error.__cause__ is not None:
        return False
    description = error.message.lower()
    return not words or any(word in description for word in words)


def is_wrong_token(error: Exception) -> bool:
    """Say whether Telegram itself refused the token."""
    return isinstance(error, InvalidToken) and error.__cause__ is None


def _reason(error: TelegramError, known: tuple[tuple[str, str], ...]) -> str | None:
    description = error.message.lower()
    return next((reason for part, reason in known if part in description), None)

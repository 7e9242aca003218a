"""Plain words of a private chat, read as a command line: a small fixed grammar that asks rather than guesses."""

import re
from collections.abc import Callable

from services.domain.coins import FIATS

_GREETINGS = frozenset(("hi", "hello", "hey", "start", "help", "?"))
_CHATTER = frozenset((
    "thanks", "thx", "ok", "okay", "yes", "no", "bye", "cool", "nice", "great", "what", "why", "who", "how", "when",
    "where", "huh", "lol", "good", "please", "sorry", "wow",
))  # fmt: skip
_LOOK_UPS = frozenset((
    "price", "chart", "top", "movers", "market", "info", "convert", "alerts", "settings", "status", "help", "about",
    "privacy", "alert",
))  # fmt: skip
_AFTER_COIN = frozenset(("chart", "price", "info"))
_ALERT = re.compile(
    r"^(alert|tell|notify|ping|wake)\s+(me\s+)?(when|if|at|once)\s+|^(alert|notify|ping)\s+(me\s+)?", re.IGNORECASE
)
_ASK = re.compile(
    r"^(what'?s|what is|how much is|show me|show|get|tell me)\s+(about\s+)?(the\s+)?(price\s+(of\s+)?)?", re.IGNORECASE
)
_WISH = re.compile(r"[<>≥≤±%]|\b(above|below|over|under|cross|crosses|hits|reaches)\b|\s[+-−$]?\d", re.IGNORECASE)
_OPERATOR = re.compile(r"\s*(>=|<=|=>|=<|[<>≥≤])\s*")
_ONE_WORD = re.compile(r"[$\w.-]{2,30}")
_MOST_COINS = 10


def as_line(text: str, is_coin: Callable[[str], bool]) -> str | None:
    """Return the command line that `text` stands for, or None where there is no reading."""
    text = " ".join(text.split()).rstrip("?!. ")
    if text.lower() in _GREETINGS or not text:
        return "/help"
    wish = _ALERT.sub("", text)
    if wish != text:
        return f"/alert {wish}"
    text = _OPERATOR.sub(r" \1 ", _ASK.sub("", text)).strip()
    first, _, rest = text.partition(" ")
    if first.lower() in _LOOK_UPS:
        return f"/{first.lower()} {rest}".rstrip()
    if not is_coin(first):
        return _unknown_word(text)
    second, _, third = rest.partition(" ")
    if second.lower() in _AFTER_COIN:
        return f"/{second.lower()} {first} {third}".rstrip()
    if _WISH.search(f" {rest}"):
        return f"/alert {text}"
    words = text.split()
    if len(words) <= _MOST_COINS and all(is_coin(word) or word.lower() in FIATS for word in words):
        return f"/price {text}"
    return None


def _unknown_word(text: str) -> str | None:
    # A single word may be a coin that is not known yet, or a typo: /price suggests.
    return f"/price {text}" if _ONE_WORD.fullmatch(text) and text.lower() not in _CHATTER else None

"""Plain words of a private chat, read as a command line: a small fixed grammar that asks rather than guesses."""

import re
from collections.abc import Callable

_GREETINGS = frozenset(("hi", "hello", "hey", "start", "help", "?"))
_LOOK_UPS = frozenset((
    "price", "chart", "top", "movers", "market", "info", "convert", "alerts", "settings", "status",
))  # fmt: skip
_ALERT = re.compile(r"^(alert|tell|notify|ping|wake)\s+(me\s+)?(when|if|at)?\s*", re.IGNORECASE)
_WISH = re.compile(r"[<>≥≤±%]|\b(above|below|over|under|cross|crosses|hits|reaches)\b|\s[+-−$]?\d", re.IGNORECASE)
_ASK = re.compile(r"^(what'?s|what is|how much is|show|show me|get)\s+(the\s+)?(price\s+(of\s+)?)?", re.IGNORECASE)


def as_line(text: str, is_coin: Callable[[str], bool]) -> str | None:
    """Return the command line that `text` stands for, or None where there is no reading."""
    text = " ".join(text.split())[:512].rstrip("?!. ")
    lowered = text.lower()
    if lowered in _GREETINGS or not text:
        return "/help"
    wish = _ALERT.sub("", text)
    if wish != text:
        return f"/alert {wish}"
    text = _ASK.sub("", text)
    first, _, rest = text.partition(" ")
    if first.lower() in _LOOK_UPS:
        return f"/{first.lower()} {rest}".rstrip()
    words = text.split()
    if len(words) == 2 and words[1].lower() in ("chart", "price", "info"):
        return f"/{words[1].lower()} {words[0]}"
    if is_coin(first) and rest and _WISH.search(f" {rest}"):
        return f"/alert {text}"
    if (
        len(words) <= 10
        and all(is_coin(word) for word in words[:1])
        and all(is_coin(word) or word.lower() in ("usd", "eur", "gbp") for word in words)
    ):
        return f"/price {text}"
    if len(words) == 1 and re.fullmatch(r"[$\w.-]{2,30}", text):
        return f"/price {text}"
    return None

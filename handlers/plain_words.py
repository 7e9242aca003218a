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
    "privacy", "alert", "watch",
))  # fmt: skip
_AFTER_COIN = frozenset(("chart", "price", "info"))
_ALERT = re.compile(
    r"^(alert|tell|notify|ping|wake|remind)\s+(me\s+)?(when|if|at|once)\s+|^(alert|notify|ping)\s+(me\s+)?",
    re.IGNORECASE,
)
_ASK = re.compile(
    r"^(what'?s|what is|how much is|show me|show|get|tell me)\s+(about\s+)?(the\s+)?(price\s+(of\s+)?)?", re.IGNORECASE
)
_LISTING = re.compile(r"^(list|show|see)?\s*(me\s+)?(all\s+)?(my\s+|the\s+)?alerts$", re.IGNORECASE)
_CHANGE = re.compile(
    r"^(pause|resume|delete|remove|restore|show|tune|snooze)\s+(?:my\s+|the\s+)?(?:alerts?\s+)?((?:#?[0-9]{1,6}\b\s*)+|all\b)(.*)$",
    re.IGNORECASE | re.ASCII,
)
_LOOK_UP_OF = re.compile(r"^(price|chart|info)\s+(?:of|for)\s+(?:the\s+)?", re.IGNORECASE)
_SIGN = re.compile(r"([$€£¥])([0-9][\w.,]*)")
_NAMED = {
    "dollar": "usd", "dollars": "usd", "bucks": "usd", "euro": "eur", "euros": "eur", "pound": "gbp", "pounds": "gbp",
    "yen": "jpy",
}  # fmt: skip
_SIGNS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
_WISH = re.compile(r"[<>≥≤±%]|\b(above|below|over|under|cross|crosses|hits|reaches)\b|\s[+-−$]?\d", re.IGNORECASE)
_OPERATOR = re.compile(r"\s*(>=|<=|=>|=<|[<>≥≤])\s*")
_ONE_WORD = re.compile(r"[$\w.-]{2,30}")
_MOST_COINS = 10


def as_line(text: str, is_coin: Callable[[str], bool]) -> str | None:
    """Return the command line that `text` stands for, or None where there is no reading."""
    text = " ".join(text.split()).rstrip("?!. ")
    if text.lower() in _GREETINGS or not text:
        return "/help"
    change = _change(text)
    if change is not None:
        return change
    wish = _ALERT.sub("", text)
    if wish != text:
        return f"/alert {_with_codes(wish)}"
    text = _LOOK_UP_OF.sub(r"\1 ", text)
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
        return f"/alert {_with_codes(text)}"
    words = text.split()
    if len(words) <= _MOST_COINS and all(is_coin(word) or word.lower() in FIATS for word in words):
        return f"/price {text}"
    return None


def _change(text: str) -> str | None:
    if text.lower() == "undo":
        return "/alerts undo"
    if _LISTING.match(text):
        return "/alerts"
    found = _CHANGE.match(text)
    if found is None or (found[1].lower() in ("show", "tune") and "alert" not in text.lower()):
        return None
    verb = "delete" if found[1].lower() == "remove" else found[1].lower()
    rest = re.sub(r"^\s*for\s+", "", found[3])
    return f"/alerts {verb} {found[2].strip()} {rest.strip()}".rstrip()


def _with_codes(rule: str) -> str:
    """Write currencies as rules name them: `€90k` and `90k euros` as `90k eur`."""
    head, quote, note = rule.partition('"')
    head = _SIGN.sub(lambda found: f"{found[2]} {_SIGNS[found[1]]}", head)
    return " ".join(_NAMED.get(word.lower(), word) for word in head.split(" ")) + quote + note


def _unknown_word(text: str) -> str | None:
    # A single word may be a coin that is not known yet, or a typo: /price suggests.
    return f"/price {text}" if _ONE_WORD.fullmatch(text) and text.lower() not in _CHATTER else None

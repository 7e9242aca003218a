"""What a person typed for a coin, as it is compared and as it may be echoed."""

import unicodedata

_ECHO = 30  # characters
_READ = 100  # characters; nothing longer names a coin
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})  # control, bidi and zero-width, unassigned, private, surrogates


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def cleaned(text: str) -> str:
    """Return the visible characters in their plain form, spaces collapsed, the dollar sign of `$btc` taken off."""
    plain = unicodedata.normalize("NFKC", text[: _READ * 2])
    spaced = "".join(" " if each.isspace() else each for each in plain)
    visible = (each for each in spaced if unicodedata.category(each) not in _INVISIBLE and not _is_selector(each))
    return " ".join("".join(visible).split()).removeprefix("$").strip()[:_READ]


def key(text: str) -> str:
    """Return the form in which words are equal whatever their case."""
    return cleaned(text).casefold()


def shown(text: str) -> str:
    """Return what may be echoed of it: visible characters, at most 30."""
    plain = cleaned(text)
    return plain if len(plain) <= _ECHO else plain[: _ECHO - 1] + "…"

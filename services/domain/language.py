"""The one call that every sentence for people goes through: English is the key."""

from collections.abc import Callable
from contextvars import ContextVar

_translate: ContextVar[Callable[[str], str] | None] = ContextVar("translate", default=None)


def say(sentence: str, /, **arguments: object) -> str:
    """Return `sentence` in the reader's language, its `{named}` arguments filled in and never read as templates."""
    translate = _translate.get()
    template = sentence if translate is None else translate(sentence)
    return template.format(**arguments) if arguments else template

"""The text of .env.example, made from the settings themselves."""

from collections.abc import Iterator
from decimal import Decimal
from inspect import getdoc
from pathlib import Path
from textwrap import wrap

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.settings.loading import PREFIX
from bot.settings.model import Settings

_HEAD = """\
# Settings of Flowbell. Copy this file to .env and uncomment what you change; the environment overrules it.
# Every setting has a default: with nothing set, `make demo` works. Lists are written with commas.
# Keep .env to yourself (chmod 600): it holds your tokens.
"""


def example() -> str:
    """Return .env.example as it should be."""
    return "\n".join((_HEAD, *_section(Settings, PREFIX)))


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield f"# --- {getdoc(kind)}\n"
            yield from _section(kind, f"{prefix}{name.upper()}__")
        elif not field.exclude:
            yield _entry(f"{prefix}{name.upper()}", field)


def _entry(key: str, field: FieldInfo) -> str:
    told = "\n".join(f"# {line}" for line in wrap(field.description or "", 110))
    return f"{told}\n#{key}={_written(field.default)}\n"


def _written(default: object) -> str:
    match default:
        case None:
            return ""
        case tuple():
            return ",".join(str(each) for each in default)
        case str() | int() | Decimal() | Path():
            return str(default)
    raise TypeError(type(default).__name__)

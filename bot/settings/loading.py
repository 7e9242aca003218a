"""The only reader of the environment: all faults at once, keys by name, never a value."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource
from pydantic_settings.sources.utils import parse_env_vars
from rapidfuzz import fuzz, process

from bot.settings.model import Settings
from services.domain.language import say

EX_CONFIG = 78
"""The exit code for a broken configuration, as in sysexits.h: a service manager should not restart on it."""

PREFIX = "FLOWBELL_"
_SHOWN = re.compile(r"[A-Za-z0-9_]{1,48}")  # a key is shown only so far: a slip may have put a value into it
_ALIKE = 80  # per cent, below which a suggestion would be a guess

Fault = tuple[str, str]
"""A key, and what to do about it."""


class ConfigurationError(Exception):
    """The configuration cannot be used. Its text lists every fault and contains no value."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{key}: {advice}" for key, advice in faults))
        self.faults = faults


class _Environment(EnvSettingsSource):
    """The environment as it was passed in, not as the process has it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(self._environ, ignore_empty=True)


def load_settings(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Return the settings in `env_file` overruled by `environ`; raise `ConfigurationError` with every fault there is.

    A missing file is none, and an empty value is a missing one.
    """
    filed, faults = ({}, []) if env_file is None else _filed(env_file)
    given = {key: text for key, text in (filed | _joined(environ, faults)).items() if text.strip()}
    known = {key: value for key, value in given.items() if key in keys()}
    faults += [(_name(key), _meant(key)) for key in given if key not in known]
    faults += [(key, say("Remove the control characters.")) for key, text in known.items() if not text.isprintable()]
    faults += _conflicts(known)
    try:
        settings = Settings(**_Environment({key: text for key, text in known.items() if text.isprintable()})())
    except ValidationError as refused:
        faults += (_fault(error) for error in refused.errors(include_url=False, include_input=False))
    else:
        if not faults:
            return settings
    # Raised here and not in the handler: pydantic's error holds what was typed, and a traceback would show it.
    raise ConfigurationError(tuple(sorted(dict.fromkeys(faults))))


@cache
def keys() -> tuple[str, ...]:
    """Return the name of every setting, as the environment writes it."""
    return tuple(_keys(Settings, PREFIX))


def _keys(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def _filed(path: Path) -> tuple[dict[str, str], list[Fault]]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError):
        return {}, [(path.name, say("The file cannot be read: check that it is yours and plain UTF-8 text."))]
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for binding in parse_stream(StringIO(text.removeprefix("\ufeff"))):
        if binding.error or (binding.key is not None and binding.value is None):
            place = say(
                "{file} line {line}", file=path.name, line=_line(binding.original.string, binding.original.line)
            )
            faults.append((place, say("Write it as KEY=value.")))
        elif binding.key is not None and binding.value is not None:
            found[binding.key] = binding.value
    return _joined(found, faults), faults


def _joined(written: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    """Return our keys in capital letters; add a fault for one that has two values in two ways of writing it."""
    found: dict[str, str] = {}
    for key, text in written.items():
        name = key.upper()
        if not name.startswith(PREFIX):
            continue
        before = found.get(name, "").strip()
        if before and text.strip() and before != text.strip():
            faults.append((_name(name), say("It is set twice, in large and in small letters. Leave one.")))
        if not before:
            found[name] = text
    return found


def _line(text: str, first: int) -> int:
    """Return the line of the file where what could not be read begins, past the blank ones before it."""
    return first + text[: len(text) - len(text.lstrip())].count("\n")


def _name(key: str) -> str:
    shown = _SHOWN.match(key)
    name = shown.group() if shown else PREFIX
    return name if name == key else f"{name}…"


def _meant(key: str) -> str:
    offered = [each for each in keys() if each != f"{PREFIX}CHAOS"]
    close = process.extractOne(key, offered, scorer=fuzz.ratio, score_cutoff=_ALIKE)
    if close is None:
        return say("There is no such setting; .env.example lists all of them.")
    return say("There is no such setting. Did you mean {key}?", key=close[0])


def _conflicts(given: Mapping[str, str]) -> Iterator[Fault]:
    sources = {each.strip().lower() for each in given.get(f"{PREFIX}MARKET__SOURCES", "").split(",")}
    if "replay" in sources and f"{PREFIX}REPLAY__FILES" not in given:
        yield f"{PREFIX}REPLAY__FILES", say("Name the recordings that the source replay plays.")
    plan = given.get(f"{PREFIX}COINGECKO__PLAN", "none").strip().lower()
    if plan == "none" and f"{PREFIX}COINGECKO__KEY" in given:
        yield f"{PREFIX}COINGECKO__PLAN", say("Say what the key is for: demo or pro.")
    if plan in {"demo", "pro"} and f"{PREFIX}COINGECKO__KEY" not in given:
        yield f"{PREFIX}COINGECKO__KEY", say("Give the key of the plan, or leave the plan out.")
    platform = given.get(f"{PREFIX}HEALTH__OPERATOR_CHAT", "").strip().partition(":")[0]
    if platform in {"telegram", "discord"} and f"{PREFIX}{platform.upper()}__TOKEN" not in given:
        yield f"{PREFIX}HEALTH__OPERATOR_CHAT", say("Give its platform a token, or name a chat elsewhere.")


def _fault(error: ErrorDetails) -> Fault:
    names = [each for each in error["loc"] if isinstance(each, str)]
    known = [key for key in keys() if key == PREFIX + "__".join(name.upper() for name in names[: key.count("__") + 1])]
    return (known[0] if known else PREFIX, _advice(error))


def _advice(error: ErrorDetails) -> str:
    bounds = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(bounds["error"])
        case "int_parsing" | "int_parsing_size" | "int_from_float":
            return say("Give a whole number.")
        case "decimal_parsing" | "finite_number":
            return say("Give a number.")
        case "greater_than_equal":
            return say("Give {least} or more.", least=bounds["ge"])
        case "greater_than":
            return say("Give more than {least}.", least=bounds["gt"])
        case "less_than_equal":
            return say("Give {most} or less.", most=bounds["le"])
        case "literal_error":
            return say("Use one of these words: {words}.", words=bounds["expected"])
    return say("This cannot be read; .env.example shows how it is written.")

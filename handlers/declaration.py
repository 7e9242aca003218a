"""Read a handler once: its name, annotations and docstring are the whole declaration of a command."""

import inspect
import types
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

from handlers.model import Change, Reply, Request
from handlers.params import Kind, kind_of

Handler = Callable[..., Awaitable[Reply[object] | Change[object]]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command as every surface shows it. `many` takes all the words that are left."""

    name: str
    argument: str  # the handler's own name for it
    kind: Kind
    required: bool
    many: bool
    choices: tuple[str, ...]

    @property
    def usage(self) -> str:
        """Return how a usage line writes it: `coin…`, `[fiat]`."""
        text = "|".join(self.choices) if self.choices and len(self.choices) <= 6 else self.name
        text = f"{text}…" if self.many else text
        return text if self.required else f"[{text}]"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the bot can do. `path` is ("price",) or ("alerts", "pause")."""

    path: tuple[str, ...]
    summary: str
    details: str
    parameters: tuple[Parameter, ...]
    changes: bool  # it may change something: applied once, answered through the outbox
    default: bool  # its group may be called without naming it
    handler: Handler

    @property
    def name(self) -> str:
        """Return the words that call it: `alerts pause`."""
        return " ".join(self.path)

    @property
    def usage(self) -> str:
        """Return one line that shows how to type it."""
        return " ".join((f"/{self.name}", *(parameter.usage for parameter in self.parameters)))


def read(handler: Handler, *group: str, default: bool = False) -> Command:
    """Return the command that `handler` declares; raise TypeError for a signature that no surface could show."""
    summary, _, details = (inspect.getdoc(handler) or "").partition("\n")
    if not summary:
        raise TypeError(f"{handler.__qualname__} has no docstring")
    hints = get_type_hints(handler, include_extras=True)
    returned = hints.pop("return")
    parameters = tuple(
        _parameter(each, hints[each.name])
        for each in inspect.signature(handler).parameters.values()
        if hints[each.name] is not Request
    )
    return Command(
        path=(*group, handler.__name__.rstrip("_").replace("_", "-")),
        summary=summary.strip(),
        details=inspect.cleandoc(details) if details.strip() else "",
        parameters=parameters,
        changes=_may_change(returned),
        default=default,
        handler=handler,
    )


def _parameter(declared: inspect.Parameter, hint: object) -> Parameter:
    many = get_origin(hint) is tuple
    element = get_args(hint)[0] if many else _without_none(hint)
    kind = kind_of(element)
    bare = get_args(element)[0] if get_origin(element) is Annotated else element
    choices = tuple(str(each) for each in get_args(bare)) if get_origin(bare) is Literal else ()
    required = declared.default is inspect.Parameter.empty
    return Parameter(declared.name.rstrip("_"), declared.name, kind, required, many, choices)


def _without_none(hint: object) -> object:
    if get_origin(hint) in (Union, types.UnionType):
        (only,) = (each for each in get_args(hint) if each is not type(None))
        return only
    return hint


def _may_change(returned: object) -> bool:
    options = get_args(returned) if get_origin(returned) in (Union, types.UnionType) else (returned,)
    return any(get_origin(each) is Change for each in options)

"""Words → arguments of a handler; where several may be given, one that means nothing does not spoil the others."""

from collections.abc import Awaitable, Mapping, Sequence

from handlers.declaration import Command
from handlers.model import Request
from handlers.params import Kind
from services.errors import UserError

MOST_LEFT_OUT = 3
"""Words that may mean nothing beside others; of a line with more of them something else was meant."""


async def arguments(command: Command, words: Mapping[str, Sequence[str]], request: Request) -> dict[str, object]:
    """Return what `words`, by parameter, mean; raise a `UserError` for a word that is needed and means nothing."""
    found: dict[str, object] = {}
    for parameter in command.parameters:
        given = words.get(parameter.name)
        if given is None:
            continue
        if parameter.many:
            found[parameter.argument] = await _each(given, parameter.kind, request)
        else:
            found[parameter.argument] = await _one(" ".join(given), parameter.kind, request)
    return found


async def _each(words: Sequence[str], kind: Kind, request: Request) -> tuple[object, ...]:
    values: list[object] = []
    for word in words:
        try:
            values.append(await _one(word, kind, request))
        except UserError as failure:
            request.left_out.append(failure)
        if len(request.left_out) > MOST_LEFT_OUT:
            break
    if not values or len(request.left_out) > MOST_LEFT_OUT:
        raise request.left_out[0]
    return tuple(values)


async def _one(word: str, kind: Kind, request: Request) -> object:
    value = kind.parse(word, request)
    return await value if isinstance(value, Awaitable) else value

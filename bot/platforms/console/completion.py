"""What completes a half-typed line: commands, their subcommands, and the words that their parameters take."""

import re
from dataclasses import dataclass

from bot.conversation import Conversation
from handlers.declaration import Command, Parameter
from handlers.dispatch import Dispatch
from services.domain.people import Caller
from services.errors import UserError
from services.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` in the place of everything from `start` on; `label` says what it means."""

    text: str
    start: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Typing:
    """A command with what is typed of its words; they begin at `start` in the line."""

    command: Command
    words: str
    start: int


async def suggestions(conversation: Conversation, line: str, caller: Caller) -> list[Suggestion]:
    """Return what may follow, best first; nothing where storage or a source does not answer."""
    try:
        if line.startswith("/") or _is_command(conversation.dispatch, line):
            return await _of_command(conversation, line, caller)
        return await _of_plain_words(conversation, line, caller)
    except (UserError, StoreError):
        return []


def usage(dispatch: Dispatch, line: str) -> str | None:
    """Return how the command that is being typed is written and what it does."""
    typing = _typing(dispatch, line) if line.startswith("/") or _is_command(dispatch, line) else None
    return None if typing is None else f"{typing.command.usage} · {typing.command.summary}"


def _is_command(dispatch: Dispatch, line: str) -> bool:
    first, space, _ = line.partition(" ")
    return bool(space) and any(command.path[0] == first.lower() for command in dispatch.commands)


async def _of_command(conversation: Conversation, line: str, caller: Caller) -> list[Suggestion]:
    dispatch = conversation.dispatch
    begin = 1 if line.startswith("/") else 0
    first, space, rest = line[begin:].partition(" ")
    if not space:
        return _names(dispatch, first.lower(), begin)
    found: list[Suggestion] = []
    if " " not in rest.lstrip():
        at = len(line) - len(rest.lstrip())
        found += [
            Suggestion(each.path[1], at, each.summary)
            for each in dispatch.commands
            if each.path[0] == first.lower() and each.path[1:] and each.path[1].startswith(rest.strip().lower())
        ]
    typing = _typing(dispatch, line)
    return found if typing is None else found + await _of_parameters(conversation, typing, caller)


def _names(dispatch: Dispatch, prefix: str, start: int) -> list[Suggestion]:
    labels: dict[str, str] = {}
    for command in dispatch.commands:
        if command.path[0].startswith(prefix):
            labels.setdefault(command.path[0], command.summary)
    return [Suggestion(name, start, label) for name, label in labels.items()]


def _typing(dispatch: Dispatch, line: str) -> _Typing | None:
    parts = [(found[0].lower(), found.end()) for found in re.finditer(r"[^\s/]\S*", line)]
    if not parts or parts[0][1] == len(line):
        return None
    (first, end), *more = parts
    if more and more[0][1] < len(line) and (member := dispatch.find((first, more[0][0]))) is not None:
        return _Typing(member, line[more[0][1] :].lstrip(), _begin(line, more[0][1]))
    command = dispatch.find((first,)) or _default(dispatch, first)
    return None if command is None else _Typing(command, line[end:].lstrip(), _begin(line, end))


def _begin(line: str, end: int) -> int:
    return len(line) - len(line[end:].lstrip())


def _default(dispatch: Dispatch, first: str) -> Command | None:
    for command in dispatch.commands:
        if command.path[0] == first and command.default:
            return command
    try:
        return dispatch.call(f"/{first} x").command  # the short forms, /p and /c and /a
    except UserError:
        return None


async def _of_parameters(conversation: Conversation, typing: _Typing, caller: Caller) -> list[Suggestion]:
    starts = [found.start() for found in re.finditer(r"\S+", typing.words)]
    complete = typing.words.split()
    if typing.words[-1:].strip():  # the cursor is in a word, not behind it
        complete.pop()
    found: list[Suggestion] = []
    for parameter, given in _open(typing.command, complete):
        at = starts[given] if given < len(starts) else len(typing.words)
        found += await _of_parameter(conversation, typing, (parameter, at), caller)
    return found


def _open(command: Command, given: list[str]) -> list[tuple[Parameter, int]]:
    """Return the parameters that the next word may be for, each with the number of words before its own."""
    found: list[tuple[Parameter, int]] = []
    used = 0
    for parameter in command.parameters:
        if parameter.kind.rest:
            return [*found, (parameter, used)]
        if parameter.many:
            used = len(given)
            found.append((parameter, used))
        elif used < len(given):
            used += parameter.required or parameter.kind.accepts(given[used])
        else:
            found.append((parameter, used))
            if parameter.required:
                return found
    return found if used == len(given) else []


async def _of_parameter(
    conversation: Conversation, typing: _Typing, place: tuple[Parameter, int], caller: Caller
) -> list[Suggestion]:
    parameter, at = place
    prefix = typing.words[at:]
    start = typing.start + at
    if parameter.choices:
        return [Suggestion(each, start) for each in parameter.choices if each.startswith(prefix.lower())]
    offered = await conversation.complete(typing.command, parameter.name, prefix, caller)
    return [Suggestion(value, start, label if label != value else "") for label, value in offered]


async def _of_plain_words(conversation: Conversation, line: str, caller: Caller) -> list[Suggestion]:
    """Return coins for a first word; for more, what the line would be understood as."""
    price, alert = conversation.dispatch.find(("price",)), conversation.dispatch.find(("alert",))
    words = line.lstrip()
    at = len(line) - len(words)
    if not words or price is None or alert is None:
        return []
    if " " not in words:
        return await _of_parameter(conversation, _Typing(price, words, at), (price.parameters[0], 0), caller)
    offered = await conversation.complete(alert, alert.parameters[0].name, words, caller)
    return [Suggestion(value, at, label) for label, value in offered if value == words.strip()]

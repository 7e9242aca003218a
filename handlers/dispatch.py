"""Line → command → reply. The one door where a failure becomes a message."""

import re
import unicodedata
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from handlers.arguments import MOST_LEFT_OUT, arguments
from handlers.declaration import Command, Parameter
from handlers.model import Button, Card, Change, Reply, Request
from handlers.params import Suggestions, is_number, ungrouped
from handlers.plain_words import as_line
from services.domain.language import say
from services.domain.people import Caller
from services.errors import InvalidInput, NotFound, StoreError, UserError
from services.hub import Services

log = structlog.get_logger()
LONGEST = 512  # characters of a line; a longer one is refused, never cut: half a number is another number
_BLANKS = re.compile(r"[ \t\r\n]+")
_WORD = re.compile(r'"[^"]*"|\S+')


@dataclass(frozen=True, slots=True)
class Failure:
    """What a machine gets when a command is refused: a stable code and the sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """A command with the words given for each of its parameters; nothing is parsed yet."""

    command: Command
    words: Mapping[str, tuple[str, ...]]


Applied = Reply[object] | None
"""None: the answer is owed by the outbox, or was given before."""


class Dispatch:
    """All commands over one set of services."""

    def __init__(self, services: Services, commands: tuple[Command, ...]) -> None:
        self.services = services
        self.commands = commands
        self._by_path = {command.path: command for command in commands}
        self._groups = {command.path[0] for command in commands if len(command.path) > 1}
        self._short = {"p": "price", "c": "chart", "a": "alert"}

    def find(self, path: tuple[str, ...]) -> Command | None:
        """Return the command of exactly this path."""
        return self._by_path.get(path)

    def call(self, line: str) -> Call:
        """Return which command a typed line calls, with the words for it; raise `NotFound` or `InvalidInput`."""
        text = _BLANKS.sub(" ", _visible(ungrouped(line))).strip().removeprefix("/")
        if len(text) > LONGEST:
            raise InvalidInput(say("That is too long. A command has at most {most} characters.", most=LONGEST))
        words = _WORD.findall(text)
        if not words:
            raise NotFound(say("Type a command, like /price btc. /help shows them all."))
        first = self._short.get(words[0].lower(), words[0].lower())
        if first in self._groups:
            return self._call_in_group(first, words[1:])
        command = self._by_path.get((first,))
        if command is None:
            raise self._unknown(first, words[1:])
        return Call(command, bind(command, words[1:]))

    def _call_in_group(self, group: str, words: list[str]) -> Call:
        command = self._by_path.get((group, words[0].lower())) if words else None
        if command is not None:
            return Call(command, bind(command, words[1:]))
        members = [member for member in self.commands if member.path[0] == group]
        fitting = [member for member in members if _is_named_by_number(member, words)]
        if any(member.default and not member.parameters for member in members):
            fitting += [member for member in members if words and _takes_all(member)][:1]
        for member in (*fitting, *members):
            if member in fitting or member.default or len(member.path) == 1:
                return Call(member, bind(member, words))
        names = ", ".join(member.path[1] for member in members)
        raise InvalidInput(say("/{group} needs one of: {members}.", group=group, members=names))

    def _unknown(self, word: str, rest: list[str]) -> NotFound:
        from rapidfuzz import process

        names = sorted({command.path[0] for command in self.commands})
        near = process.extractOne(word[:40], names, score_cutoff=70)
        if near is None:
            return NotFound(say("There is no command /{word}. /help shows them all.", word=_printable(word)))
        meant = f"/{near[0]}"
        return NotFound(
            say("There is no command /{word}. Did you mean {meant}?", word=_printable(word), meant=meant),
            choices=((meant, self._or_help(" ".join((meant, *rest)), near[0])),),
        )

    def _or_help(self, line: str, name: str) -> str:
        try:
            self.call(line)
        except UserError:
            return f"/help {name}"
        return line

    def may_change(self, line: str) -> bool:
        """Say whether a line may change something, so that only its owner may press a button with it."""
        try:
            call = self.call(line)
        except UserError:
            return False
        asks = not call.words or any(
            each.kind.asks(" ".join(call.words.get(each.name, ()))) for each in call.command.parameters
        )
        return call.command.changes and not asks

    async def answer_line(self, line: str, caller: Caller, apply: "Applier") -> Applied:
        """Answer a typed line; never raises for what a person or an upstream did."""
        try:
            call = self.call(line)
        except UserError as failure:
            return refused(failure)
        return await self.answer(call, caller, apply)

    async def answer_text(self, text: str, caller: Caller, apply: "Applier") -> Applied:
        """Answer plain words of a private chat: `btc`, `btc 100k`, `chart eth`."""
        line = as_line(ungrouped(text), self._is_coin)
        if line is None:
            example = say("I know coins and rules: try «btc», «btc 100k», or /help.")
            return refused(NotFound(example))
        return await self.answer_line(line, caller, apply)

    def _is_coin(self, word: str) -> bool:
        try:
            self.services.coins.resolve(word)
        except InvalidInput:
            return True  # several coins are called so
        except UserError:
            return False
        return True

    async def answer(self, call: Call, caller: Caller, apply: "Applier") -> Applied:
        """Parse the words, run the handler and apply what it decided; failures become cards here and nowhere else."""
        command = call.command
        self.services.counters.add("commands", command.name)
        try:
            request = await self._request(caller)
            done = await command.handler(request, **await arguments(command, call.words, request))
            if request.left_out and isinstance(done, Reply):
                done = _with_left_out(done, request.left_out, call)
            if request.learned:
                await self.services.callers.learn(caller.person, request.learned)
            return await apply(done) if isinstance(done, Change) else done
        except UserError as failure:
            return refused(failure, call)
        except StoreError as failure:
            self.services.counters.add("commands_failed", command.name)
            log.warning("command.store_failed", command=command.name, reason=str(failure))
            return refused(UserError(say("Storage does not work at the moment. Nothing was saved; try again later.")))
        except Exception:
            self.services.counters.add("commands_failed", command.name)
            incident = self.services.new_incident()
            log.exception("command.failed", command=command.name, incident=incident)
            return refused(UserError(say("Something went wrong here. Incident {number}.", number=incident)))

    async def complete(self, command: Command, parameter: str, prefix: str, caller: Caller) -> Suggestions:
        """Return what completes a half-typed word, at most 25; an empty tuple where nothing does."""
        for each in command.parameters:
            if each.name == parameter and each.kind.complete is not None:
                found = each.kind.complete(prefix[:100], await self._request(caller))
                return (await found if isinstance(found, Awaitable) else found)[:25]
        return ()

    async def _request(self, caller: Caller) -> Request:
        choices = await self.services.callers.choices(caller.person)
        return Request(caller, self.services, self.commands, choices)


class Applier(Protocol):
    """How a change is carried out: in a transaction of its own, or in one with the platform's inbox and outbox."""

    async def __call__(self, change: Change[object]) -> Applied:
        """Apply `change`; return its reply, or None where the outbox gives it."""
        ...


def _visible(line: str) -> str:
    # Marks that nobody sees, like a zero-width space or a change of direction, are no part of a word.
    return "".join(each for each in line if unicodedata.category(each) != "Cf")


def bind(command: Command, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give each word of a typed line to a parameter; raise `InvalidInput` naming what is missing or too many."""
    bound: dict[str, tuple[str, ...]] = {}
    left = list(words)
    parameters = list(command.parameters)
    while parameters:
        parameter = parameters.pop(0)
        _drop_name(parameter, left)
        taken = _taken(parameter, left, parameters)
        if taken:
            bound[parameter.name] = tuple(left[:taken])
            del left[:taken]
            _check_choice(command, parameter, bound[parameter.name])
        elif parameter.required:
            raise InvalidInput(say("«{name}» is missing. Write {usage}.", name=parameter.name, usage=command.usage))
    if left:
        word = _printable(left[0])
        raise InvalidInput(say("«{word}» is one word too many. Write {usage}.", word=word, usage=command.usage))
    return bound


def _drop_name(parameter: Parameter, left: list[str]) -> None:
    # `/convert 1 btc to eur` names the parameter before its value.
    if len(left) > 1 and left[0].lower() == parameter.name and not parameter.many and not parameter.kind.rest:
        del left[0]


def _check_choice(command: Command, parameter: Parameter, words: tuple[str, ...]) -> None:
    for word in words if parameter.choices else ():
        if not parameter.kind.accepts(word):
            raise InvalidInput(
                say("«{word}» does not fit here. Write {usage}.", word=_printable(word), usage=command.usage)
            )


def _is_named_by_number(command: Command, words: list[str]) -> bool:
    named = any(each.kind.numbers for each in command.parameters[:1])
    return named and not command.changes and len(words) == 1 and is_number(words[0])


def _takes_all(command: Command) -> bool:
    return any(each.many for each in command.parameters[:1])


def _taken(parameter: Parameter, left: list[str], following: list[Parameter]) -> int:
    if not left:
        return 0
    if parameter.kind.rest:
        return len(left)
    if parameter.many:
        # Words at the end that only following parameters accept, like a currency after coins, are theirs.
        others = [each for each in following if not each.many]
        tail = 0
        while tail < min(len(others), len(left) - 1) and any(each.kind.accepts(left[-1 - tail]) for each in others):
            tail += 1
        return len(left) - tail
    if not parameter.required and not parameter.kind.accepts(left[0]) and following:
        return 0
    return 1


def refused(failure: UserError, call: Call | None = None) -> Reply[Failure]:
    """Return the card of a refusal, with a button for each way to repair it."""
    card = Card(failure.message, tone="warning")
    return Reply(Failure(failure.code, failure.message), card, buttons=_repairs(failure, call))


def _with_left_out(reply: Reply[object], left_out: Sequence[UserError], call: Call) -> Reply[object]:
    notes = dict.fromkeys((*reply.card.notes, *(failure.message for failure in left_out)))
    repairs = tuple(row for failure in left_out for row in _repairs(failure, call))
    buttons = (*reply.buttons, *repairs[:MOST_LEFT_OUT])
    return replace(reply, card=replace(reply.card, notes=tuple(notes)), buttons=buttons)


def _repairs(failure: UserError, call: Call | None) -> tuple[tuple[Button, ...], ...]:
    return tuple((Button(label, _repaired(failure, word, call)),) for label, word in failure.choices)


def _repaired(failure: UserError, word: str, call: Call | None) -> str:
    if failure.replaces is None or call is None:
        return word
    given = " ".join(part for each in call.command.parameters for part in call.words.get(each.name, ()))
    alone = re.compile(rf"(?<!\S){re.escape(failure.replaces)}(?!\S)")
    repaired = alone.sub(lambda _: word, given, count=1)
    if repaired == given:
        repaired = given.replace(failure.replaces, word, 1)
    return f"/{call.command.name} {repaired}"


def _printable(word: str) -> str:
    return "".join(each for each in word if each.isprintable())[:40]

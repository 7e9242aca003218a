"""`flowbell replay`: recordings through the same median, checks, matcher and store as live prices."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from bot.app import Sources, wired
from bot.cli import NO_FILE, NO_RECORDING, REFUSED
from bot.settings import Settings
from handlers.model import Request
from handlers.rule_words import clause, value_words
from services.bars import Bars
from services.clock import Clock, FixedClock, SystemClock
from services.counters import Counters
from services.domain.alerts import Event
from services.domain.coins import Coin
from services.domain.language import say
from services.domain.people import Place
from services.domain.quotes import Sample
from services.errors import UserError
from services.feed import SourceError
from services.rules import Ask
from services.sources.replay import Recording, RecordingMissing, Replay, observations, open_recordings
from services.store import events as event_rows
from services.store.sqlite import open_sqlite
from services.tx import Tx

_HERE = Place("console", 0, 1)


@dataclass(slots=True)
class _Pace:
    """How fast recorded time passes; None as fast as it goes."""

    speed: Decimal | None
    clock: Clock
    began: float = 0.0
    first: datetime | None = None

    async def keep(self, at: datetime) -> None:
        """Wait until `at` is due."""
        if self.speed is None:
            return
        if self.first is None:
            self.first, self.began = at, self.clock.monotonic()
        ahead = self.began + (at - self.first).total_seconds() / float(self.speed) - self.clock.monotonic()
        if ahead > 0:
            await self.clock.sleep(ahead)


async def replayed(
    settings: Settings, files: tuple[str, ...], rules: tuple[str, ...], speed: str, *, as_json: bool
) -> int:
    """Print every firing of `rules` on `files`; return the exit status, with a sentence where it is not 0."""
    try:
        pace = _Pace(_speed(speed), SystemClock())
        return await _replayed(settings, open_recordings(list(files)), rules, pace, as_json=as_json)
    except UserError as failure:
        return _refused(failure.message, REFUSED)
    except RecordingMissing as failure:
        return _refused(say("{reason}.", reason=failure.reason), NO_FILE)
    except SourceError as failure:
        return _refused(say("{reason}.", reason=failure.reason), NO_RECORDING)


def _refused(sentence: str, status: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return status


def _speed(text: str) -> Decimal | None:
    if text.strip().lower() == "max":
        return None
    try:
        speed = Decimal(text)
    except InvalidOperation:
        speed = Decimal()
    if not speed.is_finite() or speed <= 0:
        raise UserError(say("«{text}» is no speed. Write a number like 60, or max.", text=text[:20]))
    return speed


async def _replayed(
    settings: Settings, recordings: tuple[Recording, ...], rules: tuple[str, ...], pace: _Pace, *, as_json: bool
) -> int:
    samples = observations(recordings)
    first = next(samples, None)
    if first is None:
        return _refused(say("There is nothing in these files."), NO_RECORDING)
    clock = FixedClock(first.at)
    counters = Counters()
    store = await open_sqlite(None, counters)
    try:
        source = Replay(recordings, clock, None)
        app = await wired(settings, clock, counters, store, Sources((source,), None))
        caller = await app.conversation.caller(_HERE, 1, private=True)
        request = Request(caller, app.services, app.conversation.dispatch.commands)
        app.services.market.hear((first,))
        for rule in rules:
            await _set(request, rule, source.coins)
        await app.services.alerts.fill_new_windows(app.services.rules.windows.past)
        told = await _play(request, app.bars, clock, _again(first, samples), pace, as_json=as_json)
    finally:
        await store.close()
    if not as_json:
        counted = say("1 firing.") if told == 1 else say("{count} firings.", count=told)
        sys.stdout.write(f"{counted}\n")
    return 0


def _again(first: Sample, rest: Iterator[Sample]) -> Iterator[Sample]:
    yield first
    yield from rest


async def _set(request: Request, rule: str, recorded: tuple[str, ...]) -> None:
    async def find(word: str) -> Coin:
        coin = await request.coin(word)
        if coin.id not in recorded:
            known = (request.services.coins.coin(each) for each in recorded)
            names = [each.upper() if coin is None else coin.symbol for each, coin in zip(recorded, known, strict=True)]
            sentence = say("{coin} is not in these files. They hold {coins}.", coin=coin.name, coins=", ".join(names))
            raise UserError(sentence)
        return coin

    understood = await request.services.rules.understand(rule, request.caller, find)
    if isinstance(understood, Ask):
        raise UserError(understood.question.text)

    def add(tx: Tx) -> None:
        for draft in understood:
            request.services.alerts.add(tx, draft.new, request.caller)

    await request.services.store.write(add)


async def _play(
    request: Request, closed: Bars, clock: FixedClock, samples: Iterator[Sample], pace: _Pace, *, as_json: bool
) -> int:
    alerts, market = request.services.alerts, request.services.market
    told = 0
    for sample in samples:
        await pace.keep(sample.at)
        clock.set(sample.at)
        market.hear((sample,))
        await closed.turn()
        if alerts.is_firing:
            await alerts.settled()
            told += await _tell(request, told, as_json=as_json)
    return told


async def _tell(request: Request, after: int, *, as_json: bool) -> int:
    found = await request.services.store.read(lambda tx: event_rows.after(tx, after))
    for event in found:
        sys.stdout.write(_line(request, event, as_json=as_json) + "\n")
    return len(found)


def _line(request: Request, event: Event, *, as_json: bool) -> str:
    mine = request.caller.preferences
    words = clause(request, event.condition, mine)
    if as_json:
        fields = {
            "at": event.at.isoformat().replace("+00:00", "Z"), "value": str(event.value),
            "level": str(event.condition.level), "op": event.condition.op, "metric": event.condition.metric.key,
            "source": event.source,
        }  # fmt: skip
        return json.dumps(fields)
    value = value_words(request, event.condition, event.value, mine)
    return f"{event.at:%Y-%m-%d %H:%M} UTC  {value}  {words}  ({event.source})"

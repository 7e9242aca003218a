"""A rule on its way through the past: what its alert would have done at each moment, by the same life as a real one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.domain.alerts import Alert, Standing, after_firing, is_met, starts
from services.domain.life import Fire, Hold, Resolve, Stay, moved, verdict
from services.domain.metrics import Metric
from services.domain.quotes import Observation
from services.domain.rules import Rule, conditions, least_rest

_BEFORE = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Replay:
    """Counts the firings of one rule over moments in time order, as if it were set anew where it fires once.

    Before every metric has had a value nothing counts; a rule that is true by then waits for false.
    """

    rule: Rule
    times: int = 0
    last_at: datetime | None = None
    alert: Alert | None = None  # None until every metric is known
    _first: dict[Metric, Decimal] = field(default_factory=dict)

    def observe(self, at: datetime, values: Mapping[Metric, Decimal]) -> None:
        """Take in all values of one moment."""
        if self.alert is None:
            self._first.update(values)
            self._begin(at)
            return
        if self.alert.due_at is not None and self.alert.due_at <= at:
            self._step(self.alert, self.alert.standings, self.alert.due_at)  # it was true until now
        found = after = self.alert
        if _is_calm(found, values):
            return
        for position, each in enumerate(found.standings):
            value = values.get(each.condition.metric)
            if value is not None:
                word = Observation(each.condition.metric.key, value, at, at, "", "replay")
                after = replace(after, standings=moved(after, (position,), word))
        self._step(found, after.standings, at)

    def _begin(self, at: datetime) -> None:
        wanted = conditions(self.rule.expression)
        if all(each.metric in self._first for each in wanted):
            self.alert = _alert(self.rule, tuple(starts(each, self._first[each.metric], at) for each in wanted))

    def _step(self, found: Alert, after: tuple[Standing, ...], at: datetime) -> None:
        rest = None if self.last_at is None or found.every is None else self.last_at + least_rest(found.every)
        match verdict(found, after, at, rest):
            case Fire(told_at):
                self.times, self.last_at = self.times + 1, told_at
                if len(after) == 1:  # a cross turns round for its way back
                    after = (replace(after[0], condition=after_firing(after[0].condition)),)
                self.alert = replace(found, standings=after, due_at=None)
            case Hold(due_at):
                self.alert = replace(found, standings=after, due_at=due_at)
            case Resolve():
                self.alert = replace(found, standings=after, due_at=None)
            case Stay():
                if after is not found.standings:
                    self.alert = replace(found, standings=after)


def _is_calm(found: Alert, values: Mapping[Metric, Decimal]) -> bool:
    """Say whether nothing is met, and nothing becomes so: most moments are like this."""
    return not any(
        each.met
        or (
            (value := values.get(each.condition.metric)) is not None
            and is_met(each.condition.op, value, each.condition.level)
        )
        for each in found.standings
    )


def _alert(rule: Rule, standings: tuple[Standing, ...]) -> Alert:
    return Alert(
        id=0, number=0, owner_person=None, owner_chat=None, destination=0, rule="", currency="usd",
        expression=rule.expression, standings=standings, hold=rule.hold, every=rule.every or timedelta(),
        band=rule.band, loudness=rule.loudness, note=None, state="ok", episode=0, version=0, created_at=_BEFORE,
        expires_at=None, snoozed_until=None, due_at=None,
    )  # fmt: skip

"""A rule on its way through the past: what its alert would have done at each moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain.alerts import after_firing, direction, is_met, rearm_level
from services.domain.metrics import Metric
from services.domain.rules import AllOf, AnyOf, Condition, Expression, conditions


def stays_met(condition: Condition, value: Decimal, *, was_met: bool) -> bool:
    """Say whether a condition holds: once met, until the value has come back by the band."""
    if not was_met:
        return is_met(condition.op, value, condition.level)
    back = rearm_level(condition, repeats=True)
    return value > back if direction(condition.op) == "up" else value < back


def holds(expression: Expression, met: Mapping[Condition, bool]) -> bool:
    """Say whether a rule is true, from which of its conditions are."""
    match expression:
        case Condition():
            return met[expression]
        case AllOf(parts):
            return all(holds(part, met) for part in parts)
        case AnyOf(parts):
            return any(holds(part, met) for part in parts)


@dataclass(slots=True)
class Replay:
    """Counts the firings of one rule over moments in time order.

    It fires when it becomes true, or has stayed so for `hold`, and not again before it was false in between and
    `every` has passed. Before every metric has had a value nothing counts; a rule that is true then waits for false.
    """

    expression: Expression
    hold: timedelta | None
    every: timedelta | None
    times: int = 0
    last_at: datetime | None = None
    _met: dict[Condition, bool] = field(default_factory=dict)
    _known: set[Metric] = field(default_factory=set)
    _armed: bool | None = None  # None until every metric is known
    _since: datetime | None = None  # armed and true since then

    @property
    def is_under_way(self) -> bool:
        """Say whether every metric of the rule has had a value."""
        return self._armed is not None

    def observe(self, at: datetime, values: Mapping[Metric, Decimal]) -> None:
        """Take in all values of one moment."""
        self._fire_if_due(at)
        for condition in conditions(self.expression):
            value = values.get(condition.metric)
            if value is not None:
                self._met[condition] = stays_met(condition, value, was_met=self._met.get(condition, False))
        if self._armed is None:
            self._begin(values)
            return
        if not holds(self.expression, self._met):
            self._armed, self._since = True, None
        elif self._armed and self._since is None:
            self._since = at
        self._fire_if_due(at)

    def _begin(self, values: Mapping[Metric, Decimal]) -> None:
        self._known |= values.keys()
        if self._known >= {each.metric for each in conditions(self.expression)}:
            self._armed = not holds(self.expression, self._met)

    def _fire_if_due(self, now: datetime) -> None:
        if self._since is None:
            return
        due = self._since + (self.hold or timedelta())
        if self.every is not None and self.last_at is not None:
            due = max(due, self.last_at + self.every)
        if due > now:
            return
        self.times, self.last_at = self.times + 1, due if self.hold else now
        self._armed, self._since = False, None
        if isinstance(self.expression, Condition):  # a cross turns round
            self.expression = after_firing(self.expression)
            self._met = {self.expression: True}

"""A rule on its way through the past: what its alert would have done at each moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain.alerts import after_firing, direction, is_met, rearm_level
from services.domain.metrics import Metric
from services.domain.rules import AllOf, AnyOf, Condition, Expression, conditions


def stays_met(condition: Condition, value: Decimal, *, was_met: bool) -> bool:
    """Say whether a condition has not come back yet: once met, until the value is beyond the band."""
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

    It fires when it is true, or has been for `hold`, and after that not again before it was false, each condition by
    its band, and `every` has passed. Before every metric has had a value nothing counts; a rule that is true by then
    waits for false.
    """

    expression: Expression
    hold: timedelta | None
    every: timedelta | None
    times: int = 0
    last_at: datetime | None = None
    _met: dict[Condition, bool] = field(default_factory=dict)  # true at this moment
    _staying: dict[Condition, bool] = field(default_factory=dict)  # or not beyond its band since
    _armed: bool | None = None  # None until every metric is known
    _since: datetime | None = None  # armed and true since then

    @property
    def is_under_way(self) -> bool:
        """Say whether every metric of the rule has had a value."""
        return self._armed is not None

    def observe(self, at: datetime, values: Mapping[Metric, Decimal]) -> None:
        """Take in all values of one moment."""
        due = self._due()
        if self.hold is not None and due is not None and due < at:
            self._fire(due)  # it was true until now
        for condition in conditions(self.expression):
            value = values.get(condition.metric)
            if value is not None:
                self._met[condition] = is_met(condition.op, value, condition.level)
                was = self._staying.get(condition, False)
                self._staying[condition] = stays_met(condition, value, was_met=was)
        if len(self._met) == len(set(conditions(self.expression))):
            self._judge(at)

    def _judge(self, at: datetime) -> None:
        is_true = holds(self.expression, self._met)
        if self._armed is None:
            self._armed = not is_true
        elif not self._armed:
            self._armed = not holds(self.expression, self._staying)
        elif not is_true:
            self._since = None
        else:
            self._since = self._since or at
            due = self._due()
            if due is not None and due <= at:
                self._fire(due if self.hold else at)

    def _due(self) -> datetime | None:
        """Return when it fires if it stays true until then."""
        if self._since is None:
            return None
        due = self._since + (self.hold or timedelta())
        if self.every is None or self.last_at is None:
            return due
        return max(due, self.last_at + self.every)

    def _fire(self, at: datetime) -> None:
        self.times, self.last_at = self.times + 1, at
        self._armed, self._since = False, None
        if isinstance(self.expression, Condition):  # a cross turns round
            turned = after_firing(self.expression)
            if turned != self.expression:
                self.expression = turned
                self._met, self._staying = {turned: True}, {turned: True}

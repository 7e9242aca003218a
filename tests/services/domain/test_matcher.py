"""The index against a model that looks at every entry."""

import random
from math import inf

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.domain.alerts import Direction
from services.domain.matcher import Matcher, loaded

Entry = tuple[str, Direction, float]
METRICS = st.sampled_from(("price@pair:bitcoin/usd", "price@pair:ethereum/usd", "drop(1h)@pair:bitcoin/usd"))
WAYS: st.SearchStrategy[Direction] = st.sampled_from(("up", "down"))
LEVELS = st.integers(-3, 3).map(float) | st.floats(allow_nan=False, allow_infinity=False)
IDS = st.integers(0, 40)


def reached(model: dict[int, Entry], metric: str, value: float) -> set[int]:
    return {
        entry
        for entry, (name, way, level) in model.items()
        if name == metric and (value >= level if way == "up" else value <= level)
    }


class Watching(RuleBasedStateMachine):
    """Whatever is added, removed and touched, the index and the model agree."""

    def __init__(self) -> None:
        super().__init__()
        self.matcher = Matcher()
        self.model: dict[int, Entry] = {}

    @initialize(bulk=st.sampled_from((0, 3, 5_000)), seed=st.integers(0, 1_000))
    def begin(self, bulk: int, seed: int) -> None:
        # More than one chunk, many of them equal, in an order of their own.
        levels = random.Random(seed)
        self.model = {
            1_000 + number: ("price@pair:bitcoin/usd", levels.choice(("up", "down")), float(levels.randint(-900, 900)))
            for number in range(bulk)
        }
        self.reload()

    @rule(entry=IDS, metric=METRICS, way=WAYS, level=LEVELS)
    def add(self, entry: int, metric: str, way: Direction, level: float) -> None:
        self.matcher.add(entry, metric, way, level)
        self.model[entry] = (metric, way, level)

    @rule(first=st.integers(100, 900), metric=METRICS, way=WAYS, level=st.integers(-900, 900))
    def add_many(self, first: int, metric: str, way: Direction, level: int) -> None:
        for entry in range(first, first + 50):
            self.add(entry, metric, way, float(level + entry % 7))

    @rule(entry=IDS | st.integers(0, 6_000))
    def remove(self, entry: int) -> None:
        self.matcher.remove(entry)
        self.model.pop(entry, None)

    @rule(metric=METRICS, value=LEVELS | st.integers(-900, 900).map(float))
    def touch(self, metric: str, value: float) -> None:
        expected = reached(self.model, metric, value)
        assert self.matcher.would_touch(metric, value) == bool(expected)
        touched = self.matcher.touched(metric, value)
        assert len(touched) == len(set(touched))
        assert set(touched) == expected
        assert [self._urgency(entry) for entry in touched] == sorted(self._urgency(entry) for entry in touched)
        for entry in expected:
            del self.model[entry]
        assert not self.matcher.would_touch(metric, value)

    def _urgency(self, entry: int) -> tuple[bool, float]:
        # First what rises, the lowest level first; then what falls, the highest first.
        _, way, level = self.model[entry]
        return way == "down", level if way == "up" else -level

    @rule()
    def reload(self) -> None:
        self.matcher = loaded((entry, *where) for entry, where in self.model.items())

    @invariant()
    def knows_the_same(self) -> None:
        assert len(self.matcher) == len(self.model)
        assert self.matcher.metrics() == {metric for metric, _, _ in self.model.values()}


Watching.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestWatching = Watching.TestCase


@pytest.mark.parametrize("value", [inf, -inf])
def test_the_ends_of_the_line_touch_one_side_only(value: float) -> None:
    matcher = loaded([(1, "m", "up", 5.0), (2, "m", "down", 5.0), (3, "other", "up", 5.0)])
    assert matcher.touched("m", value) == [{inf: 1, -inf: 2}[value]]
    assert len(matcher) == 2


def test_an_exact_hit_touches_both_ways() -> None:
    matcher = loaded([(1, "m", "up", 5.0), (2, "m", "down", 5.0)])
    assert matcher.touched("m", 5.0) == [1, 2]
    assert matcher.touched("m", 5.0) == []


def test_nan_touches_nothing() -> None:
    matcher = loaded([(1, "m", "up", 5.0), (2, "m", "down", 5.0)])
    assert not matcher.would_touch("m", float("nan"))
    assert matcher.touched("m", float("nan")) == []
    assert len(matcher) == 2

"""The index against a model that looks at every entry."""

import random
from math import inf, nan

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.domain.alerts import Direction
from services.domain.matcher import Levels, Matcher, loaded

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

    @rule(values=st.dictionaries(METRICS, LEVELS | st.just(nan)))
    def touch_all(self, values: dict[str, float]) -> None:
        numbers = {self.matcher.number(metric): metric for metric in values}
        vector = np.full(max(numbers, default=-1) + 1, nan)
        for number, metric in numbers.items():
            vector[number] = values[metric]
        touched = self.matcher.touched_all(vector)
        expected = {metric: reached(self.model, metric, value) for metric, value in values.items()}
        assert {numbers[number]: set(entries) for number, entries in touched} == {
            metric: entries for metric, entries in expected.items() if entries
        }
        for _, entries in touched:
            assert [self._urgency(entry) for entry in entries] == sorted(self._urgency(entry) for entry in entries)
            for entry in entries:
                del self.model[entry]

    def _urgency(self, entry: int) -> tuple[bool, float, int]:
        # First what rises, the lowest level first; then what falls, the highest first; first made, first told.
        _, way, level = self.model[entry]
        return way == "down", level if way == "up" else -level, entry

    @rule(metric=METRICS)
    def touch_nan(self, metric: str) -> None:
        assert not self.matcher.would_touch(metric, nan)
        assert self.matcher.touched(metric, nan) == []

    @rule()
    def reload(self) -> None:
        self.matcher = loaded(Levels((entry, *where) for entry, where in self.model.items()))

    @invariant()
    def knows_the_same(self) -> None:
        assert len(self.matcher) == len(self.model)
        assert self.matcher.metrics() == {metric for metric, _, _ in self.model.values()}


Watching.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestWatching = Watching.TestCase


@pytest.mark.parametrize("value", [inf, -inf])
def test_the_ends_of_the_line_touch_one_side_only(value: float) -> None:
    matcher = loaded(Levels([(1, "m", "up", 5.0), (2, "m", "down", 5.0), (3, "other", "up", 5.0)]))
    assert matcher.touched("m", value) == [{inf: 1, -inf: 2}[value]]
    assert len(matcher) == 2


def test_an_exact_hit_touches_both_ways() -> None:
    matcher = loaded(Levels([(1, "m", "up", 5.0), (2, "m", "down", 5.0)]))
    assert matcher.touched("m", 5.0) == [1, 2]
    assert matcher.touched("m", 5.0) == []


def test_nan_touches_nothing() -> None:
    matcher = loaded(Levels([(1, "m", "up", 5.0), (2, "m", "down", 5.0)]))
    assert not matcher.would_touch("m", float("nan"))
    assert matcher.touched("m", float("nan")) == []
    assert len(matcher) == 2


def test_half_of_all_on_one_level_go_in_order_and_one_by_one() -> None:
    matcher = loaded(Levels((entry, "m", "up", 5.0) for entry in range(10_000)))
    for entry in range(10_000, 20_000):
        matcher.add(entry, "m", "up", 5.0)
    for entry in range(0, 20_000, 2):
        matcher.remove(entry)
    assert matcher.touched("m", 4.9) == []
    assert matcher.touched("m", 5.0) == list(range(1, 20_000, 2))
    assert (len(matcher), matcher.metrics()) == (0, frozenset())


def test_what_fired_can_be_watched_again_at_once_and_fires_once() -> None:
    matcher = loaded(Levels((entry, "m", "up", float(entry % 10)) for entry in range(5_000)))
    for _ in range(3):
        assert sorted(matcher.touched("m", 9.0)) == list(range(5_000))
        assert matcher.touched("m", 9.0) == []
        for entry in range(5_000):
            matcher.add(entry, "m", "up", float(entry % 10))
    assert len(matcher) == 5_000


def test_many_series_with_few_alerts_each() -> None:
    matcher = loaded(Levels((number, f"m{number // 2}", "up", float(number)) for number in range(20_000)))
    assert matcher.touched("m7", 14.0) == [14]
    matcher.add(20_001, "new", "down", 3.0)
    values = np.full(10_001, nan)
    values[[7, 9_999, 10_000]] = 15.0, 20_000.0, 2.0
    assert matcher.touched_all(values) == [(7, [15]), (9_999, [19_998, 19_999]), (10_000, [20_001])]
    assert len(matcher) == 19_996


def test_a_level_that_is_no_number_is_refused() -> None:
    matcher = Matcher()
    with pytest.raises(ValueError, match="never reaches"):
        matcher.add(1, "m", "up", nan)
    assert (len(matcher), matcher.metrics()) == (0, frozenset())


def test_columns_are_the_same_as_one_by_one() -> None:
    one_by_one: list[tuple[int, str, Direction, float]] = [
        (8, "a", "up", 1.0),
        (9, "b", "down", -2.5),
        (17, "a", "down", 0.0),
    ]
    levels = Levels(one_by_one[:1])
    levels.extend((9, 17), ("b", "a"), (-1, -1), (-2.5, 0.0))
    assert list(levels) == one_by_one
    assert (len(levels), levels.metrics) == (3, ["a", "b"])

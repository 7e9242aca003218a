from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.domain.deliveries import URGENCY, Delivery, Kind
from services.domain.pacing import UNLIMITED, Pace, Pacer, Window
from services.domain.people import Place
from services.lane import Lane

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
START = 1_000.0
OWED = Delivery(
    id=1, key="k", kind="alert", event=None, chat=1, place=Place("telegram", 7, 1), private=True, answers=None,
    card=None, state="pending", attempt=0, unknowns=0, first_intended_at=None, not_before=NOW, created_at=NOW,
)  # fmt: skip


def owed(number: int, chat: int = 1, kind: Kind = "alert") -> Delivery:
    return replace(OWED, id=number, chat=chat, kind=kind, place=Place("telegram", 7, chat))


def lane_of(*waiting: Delivery, pace: Pace = UNLIMITED, most_in_flight: int = 8) -> Lane:
    lane = Lane(Pacer(pace), most_in_flight)
    for each in waiting:
        lane.wait_for(each, START)
    return lane


def taken(lane: Lane, now: float = START) -> int | float:
    """The number of the next message, or the seconds to wait."""
    found = lane.next(now)
    return found.id if isinstance(found, Delivery) else float(found)


def played(lane: Lane, messages: int, now: float = START) -> list[int]:
    """The numbers of the next messages, each settled before the next is asked for, waiting as long as told."""
    order: list[int] = []
    for _ in range(10 * messages):
        match lane.next(now):
            case Delivery() as found:
                order.append(found.id)
                lane.release(found.chat, now)
            case seconds:
                now += seconds
    return order


def test_an_empty_lane_asks_for_patience() -> None:
    assert taken(lane_of()) == 60.0


def test_urgent_goes_first() -> None:
    lane = lane_of(owed(1, 1, "notice"), owed(2, 2, "reply"), owed(3, 3, "alert"), owed(4, 4, "reply"))
    assert [taken(lane) for _ in range(5)] == [3, 2, 4, 1, 60.0]


def test_urgent_goes_first_within_a_chat_too() -> None:
    lane = lane_of(owed(1, 1, "reply"), owed(2, 1, "reply"), owed(3, 1, "alert"), owed(4, 1, "alert"))
    assert played(lane, 4) == [3, 4, 1, 2]


def test_an_alert_lifts_its_chat_over_waiting_replies() -> None:
    lane = lane_of(*(owed(number, number, "reply") for number in range(1, 6)))
    lane.wait_for(owed(9, 5, "alert"), START)
    assert played(lane, 6) == [9, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "pace", [UNLIMITED, Pace(Window(1, 1.0), None, None), Pace(Window(2, 1.0), Window(1, 1.0), None)]
)
@pytest.mark.parametrize("crowd", [1, 9])
def test_chats_take_turns(pace: Pace, crowd: int) -> None:
    # Chat 1 (or 9) has a hundred messages before the others come with one each.
    numbers = count(1)
    loud = [owed(next(numbers), crowd, "reply") for _ in range(100)]
    quiet = [owed(next(numbers), chat, "reply") for chat in range(2, 9)]
    order = played(lane_of(*loud, *quiet, pace=pace, most_in_flight=1), 107)
    assert len(order) == 107
    assert set(order[:9]) > {each.id for each in quiet}
    assert [each for each in order if each <= 100] == list(range(1, 101))


def test_one_message_of_a_chat_is_under_way_at_a_time() -> None:
    lane = lane_of(owed(1), owed(2), owed(3, 2))
    assert [taken(lane) for _ in range(3)] == [1, 3, 60.0]
    assert (lane.in_flight, len(lane)) == (2, 1)
    lane.release(1, START)
    assert taken(lane) == 2


def test_no_more_than_so_many_are_under_way() -> None:
    lane = lane_of(*(owed(number, number) for number in range(1, 6)), most_in_flight=2)
    assert [taken(lane) for _ in range(3)] == [1, 2, 60.0]
    lane.release(2, START)
    assert [taken(lane) for _ in range(2)] == [3, 60.0]


def test_what_is_due_later_waits_until_then_and_holds_nobody_up() -> None:
    lane = Lane(Pacer(UNLIMITED))
    lane.wait_for(owed(1), START + 600)
    assert taken(lane) == 600
    lane.wait_for(owed(2), START + 5)
    assert taken(lane) == 5
    assert taken(lane, START + 5) == 2
    lane.release(1, START + 6)
    assert taken(lane, START + 6) == 594
    assert taken(lane, START + 600) == 1
    assert len(lane) == 0


def test_a_halted_chat_holds_up_only_itself() -> None:
    lane = lane_of(owed(1, 1), owed(2, 2))
    lane.pacer.halt(Place("telegram", 7, 1), START + 30)
    assert [taken(lane), taken(lane)] == [2, 30]
    assert taken(lane, START + 30) == 1


def test_a_halted_bot_sends_nothing() -> None:
    lane = lane_of(owed(1, 1), owed(2, 2))
    lane.pacer.halt(None, START + 30)
    assert taken(lane) == 30
    assert not lane.admit(3, Place("telegram", 7, 3), START, private=True)
    assert [taken(lane, START + 30), taken(lane, START + 30)] == [1, 2]


def test_only_a_free_chat_is_admitted_at_once() -> None:
    pace = Pace(None, Window(1, 1.0), None)
    lane = lane_of(owed(1, 1), pace=pace, most_in_flight=2)
    assert not lane.admit(1, Place("telegram", 7, 1), START, private=True)  # another waits before it
    assert lane.admit(2, Place("telegram", 7, 2), START, private=True)
    assert not lane.admit(2, Place("telegram", 7, 2), START, private=True)  # one is under way
    lane.release(2, START)
    assert not lane.admit(2, Place("telegram", 7, 2), START + 0.5, private=True)  # its window is full
    assert lane.admit(2, Place("telegram", 7, 2), START + 1.1, private=True)
    assert taken(lane) == 1
    assert not lane.admit(3, Place("telegram", 7, 3), START + 1.1, private=True)  # enough are under way


class Sending(RuleBasedStateMachine):
    """Whatever waits and ends in whatever order, nothing is lost, doubled, early or too fast."""

    @initialize(most=st.integers(1, 4), bot=st.integers(1, 4), private=st.integers(1, 2))
    def begin(self, most: int, bot: int, private: int) -> None:
        self.pace = Pace(Window(bot, 1.0), Window(private, 2.0), None)
        self.lane, self.now, self.numbers = Lane(Pacer(self.pace), most), START, count(1)
        self.most = most
        self.waiting: dict[int, tuple[Delivery, float]] = {}
        self.under_way: dict[int, Delivery] = {}
        self.left: list[tuple[float, int]] = []

    @rule(chat=st.integers(1, 4), kind=st.sampled_from(tuple(URGENCY)), delay=st.sampled_from((0.0, 0.0, 3.0, 100.0)))
    def owe(self, chat: int, kind: Kind, delay: float) -> None:
        made = owed(next(self.numbers), chat, kind)
        self.waiting[made.id] = (made, self.now + delay)
        self.lane.wait_for(made, self.now + delay)

    @rule(seconds=st.sampled_from((0.01, 0.5, 1.1, 3.0, 120.0)))
    def go_on(self, seconds: float) -> None:
        self.now += seconds

    @rule(which=st.integers(0, 3))
    def end(self, which: int) -> None:
        for chat in list(self.under_way)[which : which + 1]:
            del self.under_way[chat]
            self.lane.release(chat, self.now)

    @rule()
    def take(self) -> None:
        found = self.lane.next(self.now)
        match found:
            case Delivery():
                _, due = self.waiting.pop(found.id)
                assert due <= self.now
                assert found.chat not in self.under_way
                rivals = [
                    each.id for each, since in self.waiting.values()
                    if each.chat == found.chat and since <= self.now and URGENCY[each.kind] < URGENCY[found.kind]
                ]  # fmt: skip
                assert rivals == []
                self.under_way[found.chat] = found
                self.left.append((self.now, found.chat))
            case _:
                assert 0 < found <= 101 or found == 60.0

    @rule()
    def drain(self) -> None:
        # Given time, everything leaves.
        for _ in range(50 * (len(self.waiting) + 1)):
            before = len(self.waiting)
            self.take()
            for which in reversed(range(len(self.under_way))):
                self.end(which)
            self.now += 0.6 * (len(self.waiting) == before)
        assert all(due > self.now - 1 for _, due in self.waiting.values())

    @invariant()
    def counts_agree(self) -> None:
        assert len(self.lane) == len(self.waiting)
        assert self.lane.in_flight == len(self.under_way) <= self.most

    @invariant()
    def windows_hold(self) -> None:
        for window, times in (
            (self.pace.bot, [at for at, _ in self.left]),
            *((self.pace.private, [at for at, each in self.left if each == chat]) for chat in range(1, 5)),
        ):
            assert window is not None
            for first, last in zip(times, times[window.count :], strict=False):
                assert last - first >= window.seconds


Sending.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSending = Sending.TestCase


def test_a_window_counts_from_when_a_message_really_left() -> None:
    lane = lane_of(owed(1, 1, "reply"), owed(2, 2, "reply"), owed(3, 3, "reply"), pace=Pace(Window(2, 1.0), None, None))
    assert [taken(lane), taken(lane)] == [1, 2]
    lane.leaves(owed(1, 1), START + 0.4)
    lane.release(1, START + 0.5)
    assert taken(lane, START + 1.1) == 3  # the second one's place
    lane.release(3, START + 1.1)
    lane.wait_for(owed(4, 4, "reply"), START)
    assert taken(lane, START + 1.2) == pytest.approx(0.212)
    assert taken(lane, START + 1.42) == 4


def test_a_message_whose_answer_is_slow_counts_as_late_as_it_may_have_arrived() -> None:
    messages = [owed(number, number, "reply") for number in range(1, 5)]
    lane = lane_of(*messages, pace=Pace(Window(1, 1.0), None, None))
    for number, answered_after, waits in ((1, 0.1, 1.012), (2, 0.1, 1.012), (3, 0.4, 1.312)):
        now = START + 10 * number
        assert taken(lane, now) == number
        lane.leaves(messages[number - 1], now)
        lane.answered(messages[number - 1], now, now + answered_after)
        lane.release(number, now + answered_after)
        assert taken(lane, now + answered_after) == pytest.approx(waits - answered_after, abs=0.001)

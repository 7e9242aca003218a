from itertools import chain, count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.pacing import UNLIMITED, Pace, Pacer, Window
from services.domain.people import Place

TELEGRAM = Pace(bot=Window(30, 1.0), private=Window(1, 1.0), group=Window(20, 60.0))
START = 1_000.0


def at(chat: int) -> Place:
    return Place("telegram", 7, chat)


def most_in_any(window: Window, times: list[float]) -> int:
    """The largest number of messages that left within less than one window."""
    return max((sum(1 for other in times if 0 <= other - first < window.seconds) for first in times), default=0)


WINDOWS = st.builds(Window, st.integers(1, 5), st.sampled_from((0.5, 1.0, 60.0)))
ARRIVALS = st.lists(
    st.tuples(st.sampled_from((0.0, 0.001, 0.3, 1.0, 7.0, 61.0)) | st.floats(0, 5), st.integers(1, 4)), max_size=120
)


@given(pace=st.builds(Pace, WINDOWS, WINDOWS, WINDOWS), arrivals=ARRIVALS, private=st.booleans())
def test_no_window_ever_holds_too_many(pace: Pace, arrivals: list[tuple[float, int]], *, private: bool) -> None:
    pacer, now = Pacer(pace), START
    sent: dict[int, list[float]] = {chat: [] for chat in range(1, 5)}
    for pause, chat in arrivals:
        now += pause
        for _ in range([0, 1][pacer.wait(at(chat), now, private=private) == 0]):
            pacer.note(at(chat), now, private=private)
            sent[chat].append(now)
    window = pace.private if private else pace.group
    assert pace.bot is not None
    assert window is not None
    assert all(most_in_any(window, times) <= window.count for times in sent.values())
    assert most_in_any(pace.bot, sorted(chain(*sent.values()))) <= pace.bot.count


@given(pace=st.builds(Pace, WINDOWS, WINDOWS, WINDOWS), arrivals=ARRIVALS)
def test_whoever_waits_as_told_may_send(pace: Pace, arrivals: list[tuple[float, int]]) -> None:
    pacer, now = Pacer(pace), START
    for pause, chat in arrivals:
        now += pause
        now += pacer.wait(at(chat), now, private=True)
        assert pacer.wait(at(chat), now, private=True) == 0
        assert pacer.wait_for_bot(now) == 0
        pacer.note(at(chat), now, private=True)


def test_a_full_window_is_used_fully() -> None:
    pacer, now, sent = Pacer(TELEGRAM), START, 0
    while now < START + 10:
        now += pacer.wait(at(sent), now, private=True)
        pacer.note(at(sent), now, private=True)
        sent += 1
    assert 30 * 9 <= sent <= 30 * 10 + 1


def test_chats_and_the_bot_are_counted_apart() -> None:
    pacer = Pacer(TELEGRAM)
    pacer.note(at(1), START, private=True)
    assert pacer.wait(at(1), START, private=True) == pytest.approx(1, abs=0.02)
    assert pacer.wait(at(2), START, private=True) == 0
    assert pacer.wait_for_bot(START) == 0
    for chat in range(2, 31):
        pacer.note(at(chat), START, private=True)
    assert pacer.wait(at(99), START, private=True) == pytest.approx(1, abs=0.02)
    assert pacer.wait_for_bot(START) == pytest.approx(1, abs=0.02)


def test_a_group_takes_twenty_a_minute() -> None:
    pacer = Pacer(TELEGRAM)
    for second in range(20):
        assert pacer.wait(at(-5), START + second, private=False) == 0
        pacer.note(at(-5), START + second, private=False)
    assert pacer.wait(at(-5), START + 20, private=False) == pytest.approx(40, abs=0.02)
    assert pacer.wait(at(-5), START + 60.5, private=False) == 0


def test_topics_of_a_group_share_its_window() -> None:
    pacer = Pacer(Pace(None, None, Window(1, 10)))
    pacer.note(Place("telegram", 7, -5, 1), START, private=False)
    assert pacer.wait(Place("telegram", 7, -5, 2), START, private=False) > 9


def test_without_windows_nobody_waits() -> None:
    pacer = Pacer(UNLIMITED)
    for _ in range(1_000):
        assert pacer.wait(at(1), START, private=True) == 0
        pacer.note(at(1), START, private=True)


@given(untils=st.lists(st.tuples(st.sampled_from((None, 1, 2)), st.floats(START, START + 600)), max_size=20))
def test_a_halt_is_obeyed_and_never_shortened(untils: list[tuple[int | None, float]]) -> None:
    pacer = Pacer(UNLIMITED)
    for chat, until in untils:
        pacer.halt(None if chat is None else at(chat), until)
    for chat in (1, 2, 3):
        longest = max([until for each, until in untils if each in (None, chat)], default=START)
        assert pacer.wait(at(chat), START, private=True) == longest - START
        assert pacer.wait(at(chat), longest, private=True) == 0
    everybody = max([until for each, until in untils if each is None], default=START)
    assert pacer.wait_for_bot(START) == everybody - START


def test_many_chats_do_not_loosen_a_window_or_a_halt() -> None:
    pacer = Pacer(TELEGRAM)
    pacer.halt(at(1), START + 10_000)
    for chat in islice(count(10), 10_001):
        pacer.note(at(chat), START, private=True)
    later = START + 2
    for chat in islice(count(20_000), 10_001):
        pacer.note(at(chat), later, private=True)
    assert pacer.wait(at(20_000), later + 0.5, private=True) > 0.4
    assert pacer.wait(at(1), later, private=True) == pytest.approx(9_998)

"""Whose turn it is, against a plain model of the rules."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.telegram.rounds import Rounds

ids = st.integers(0, 3)


@given(st.lists(st.one_of(st.tuples(ids, ids), st.just("take"), st.just("release")), max_size=80))
def test_nothing_is_lost_and_order_is_kept(steps: list[tuple[int, int] | str]) -> None:
    rounds: Rounds[tuple[int, int, int]] = Rounds()
    put: dict[tuple[int, int], list[int]] = defaultdict(list)
    taken: dict[tuple[int, int], list[int]] = defaultdict(list)
    busy: list[int] = []

    def take() -> None:
        found = rounds.take()
        free = {chat for user, chat in put if len(put[user, chat]) > len(taken[user, chat])} - set(busy)
        assert (found is not None) == bool(free)
        for chat, (user, where, number) in filter(None, [found]):
            assert chat == where
            assert chat not in busy
            busy.append(chat)
            taken[user, chat].append(number)

    def release() -> None:
        for chat in busy[:1]:
            busy.remove(chat)
            rounds.release(chat)

    for number, step in enumerate(steps):
        match step:
            case "take":
                take()
            case "release":
                release()
            case (int(user), int(chat)):
                put[user, chat].append(number)
                rounds.put(user, chat, (user, chat, number))
    for _ in range(2 * len(steps)):
        release()
        take()
    assert len(rounds) == 0
    assert {key: value for key, value in taken.items() if value} == dict(put)


def test_a_flood_of_one_person_delays_the_others_by_one_turn() -> None:
    rounds: Rounds[str] = Rounds()
    for number in range(10_000):
        rounds.put(1, 1, f"flood {number}")
    for user in range(2, 22):
        rounds.put(user, user, f"user {user}")
    first = [rounds.take() for _ in range(21)]
    assert {item for _, item in filter(None, first)} == {"flood 0", *(f"user {user}" for user in range(2, 22))}


def test_people_in_one_group_take_turns() -> None:
    rounds: Rounds[str] = Rounds()
    for number in range(100):
        rounds.put(1, -5, f"flood {number}")
    rounds.put(2, -5, "ann")
    rounds.put(3, -5, "bob")
    order: list[str] = []
    for _ in range(4):
        for chat, item in filter(None, [rounds.take()]):
            order.append(item)
            rounds.release(chat)
    assert set(order[:4]) == {"flood 0", "flood 1", "ann", "bob"}

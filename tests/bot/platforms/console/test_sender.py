"""What arrives by itself."""

from datetime import UTC, datetime
from io import StringIO

from bot.platforms.console import PLACE, ConsoleSender
from bot.platforms.console.screen import Screen
from handlers.model import Button, Card, Reply
from services.domain.deliveries import Delivery, Kind, Parked, Sent, Unreadable
from tests.golden_files import golden

AT = datetime(2026, 11, 22, 14, 3, 22, tzinfo=UTC)
ANSWER: Reply[object] = Reply(None, Card("Alerts"), buttons=((Button("Delete #1", "/alerts delete 1"),),))
ALERT: Reply[object] = Reply(
    None,
    Card("BTC is above $100,000", lines=("$100,010.00 at 14:03:22 UTC",)),
    buttons=((Button("Chart", "/chart btc"),),),
)


def owed(kind: Kind = "alert") -> Delivery:
    return Delivery(
        id=1, key="k", kind=kind, event=1, chat=1, place=PLACE, private=True, answers=None, card=None, state="sending",
        attempt=1, unknowns=0, first_intended_at=AT, not_before=AT, created_at=AT,
    )  # fmt: skip


async def test_an_alert_is_printed() -> None:
    out = StringIO()
    assert await ConsoleSender(Screen(out, drawing=False)).send(owed(), ALERT, repeat=False) == Sent(None)
    golden("console_alert", out.getvalue().rstrip("\n"))


async def test_a_possible_repeat_says_so_first() -> None:
    out = StringIO()
    await ConsoleSender(Screen(out, drawing=False)).send(owed(), ALERT, repeat=True)
    assert out.getvalue().splitlines()[:2] == ["↻ Possible repeat of this alert.", "BTC is above $100,000"]


async def test_an_alert_does_not_change_what_a_number_means() -> None:
    screen = Screen(StringIO(), drawing=False)
    await screen.answer(ANSWER)
    await ConsoleSender(screen).send(owed(), ALERT, repeat=False)
    assert screen.pressed("1") == Button("Delete #1", "/alerts delete 1")
    assert screen.pressed("2") == Button("Chart", "/chart btc")


async def test_an_owed_answer_takes_the_numbers() -> None:
    screen = Screen(StringIO(), drawing=False)
    await screen.answer(ALERT)
    await ConsoleSender(screen).send(owed("reply"), ANSWER, repeat=False)
    assert screen.pressed("1") == Button("Delete #1", "/alerts delete 1")
    assert screen.pressed("2") is None


async def test_many_alerts_run_out_of_numbers_and_not_of_words() -> None:
    screen = Screen(out := StringIO(), drawing=False)
    sender = ConsoleSender(screen)
    for _ in range(120):
        await sender.send(owed(), ALERT, repeat=False)
    assert out.getvalue().count("BTC is above $100,000") == 120
    assert "[99] Chart" in out.getvalue()
    assert "[100]" not in out.getvalue()
    assert screen.pressed("100") is None


async def test_a_closed_terminal_parks_the_message() -> None:
    out = StringIO()
    out.close()
    outcome = await ConsoleSender(Screen(out, drawing=False)).send(owed(), ALERT, repeat=False)
    assert outcome == Parked("ValueError", chat=False)


async def test_a_terminal_remembers_and_reads_back_nothing() -> None:
    sender = ConsoleSender(Screen(StringIO(), drawing=False))
    assert not sender.remembers_nonce
    assert await sender.is_answering(PLACE)
    assert await sender.look_up(owed()) == Unreadable()

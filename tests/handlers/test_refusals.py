"""Bad input: a short sentence that says what to do, nothing stored, nothing of ours shown."""

import re
from collections.abc import AsyncIterator

import pytest

from handlers.dispatch import Failure
from services.domain.coins import Coin
from tests.fakes.market import FakeCatalogue, facts
from tests.golden_files import golden
from tests.handlers.transcripts import EURO, shown, transcript
from tests.stage import ADMIN_IN_GROUP, ANN_IN_GROUP, BEN, Seat
from tests.world import World, scripted, simulated

REFUSED = {
    "commands": ("/", "/xyz", "/pric btc", "/pric", "/" + "x" * 300, "/help foo", "/start@", "/price@", "/ price"),
    "price": (
        "/price", "/price ice", "/price banana bitcon", "/price eur", "/price btc a1 b2 c3 d4",
        "/price 1 2 3 4 5 6 7 8 9 10 11", "/price btc eth sol doge ada xrp bnb link ltc dot trx xlm",
    ),
    "chart": ("/chart", "/chart btc 2h", "/chart btc 1h foo", "/chart xyz", "/chart btc eth"),
    "market": ("/top 0", "/top 99", "/top x", "/top -1", "/top 3 foo", "/movers 2h", "/market now", "/info",
               "/info bitcoin cash", "/info xyz"),
    "convert": ("/convert", "/convert 1", "/convert x btc", "/convert NaN btc", "/convert 1e309 btc",
                "/convert -1 btc", "/convert inf btc", "/convert 1.2.3 btc", "/convert 1 btc eth sol",
                "/convert 100.000 usd btc", "/convert 1 xyz", "/convert 999999999999999999 btc"),
    "settings": ("/settings foo", "/settings zone Berln", "/settings zone Mars", "/settings currency xyz",
                 "/settings numbers x", "/settings zone " + "z" * 300, "/forget maybe", "/export all"),
    "alert": (
        "/alert xyz", "/alert btc >", "/alert btc > banana", "/alert btc > NaN", "/alert btc > 1e309",
        "/alert btc > -5", "/alert btc > 0", "/alert btc > > 5", "/alert > 5", "/alert 5",
        "/alert btc ±5%", "/alert btc -5% in", "/alert btc -5% in banana", "/alert btc -5% in 60d",
        "/alert btc -150% in 1h", "/alert btc 0% in 1h", "/alert btc > 100k every", "/alert btc > 100k every 30s",
        "/alert btc > 100k until", "/alert btc > 100k until never", "/alert btc rsi < banana",
        "/alert btc > 100k for 5x",
        "/alert btc > 100k and eth >", "/alert sol inside 98..banana", "/alert btc etf flow > 300m",
        "/alert btc > 100k foo", "/alert btc > 1k btc",
        "/alert btc 1 2 3 4 5 6 7 8 9 10 11", "/alert btc > 1k note", "/alert btc > 1k note " + "n" * 100,
        "/alert aler > 100",
    ),
    "alerts": ("/alerts foo", "/alerts pause", "/alerts pause x", "/alerts pause 77", "/alerts pause 1 2",
               "/alerts snooze 1 banana", "/alerts edit 1", "/alerts restore 5", "/alerts 99999999"),
    "foreign": (
        "/price @everyone", "/alert @everyone > 5", "/price <b>x</b>", "/alert <b> > 5", "/info [x](http://x)",
        "/price \u202ectb", "/price b\u200bt\u200bc\u200b\u200bx", "/price \u0627\u0644\u0628\u062a",
        "/alert \u202ebtc\u202c > banana", "/price " + "a\u0301" * 50, "/price '; drop table alert; --",
        "/price {request}", "/price %s%s%n", "/settings zone ../../etc/passwd",
    ),
    "plain_words": ("thanks", "what?", "how are you today my friend", "sell everything", "$", "12345678"),
}  # fmt: skip
ASKED = (
    "/alert eth 5%", "/alert btc > 100k 1h", "/alert btc > 100.000", "/alert btc > 1,5", "/alert btc 5% in 1h",
    "/alert btc moves 5%", "/alert btc 100k 1d",
)  # fmt: skip
LONG = "/{word} " + "9" * 10_000
OURS = re.compile(r"Traceback|Error|Exception|\bNone\b|\bself\b|sqlite|\.py\b|Incident|/root|NotFound")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with simulated() as running:
        await running.ask("/price btc")
        yield running


async def check(world: World, line: str) -> None:
    before = await world.dump()
    reply = await world.reply(line)
    assert await world.dump() == before, line
    assert isinstance(reply.data, Failure), line
    assert reply.card.tone == "warning"
    assert not reply.card.lines
    title = reply.card.title
    assert title.endswith((".", "?", "!")), title
    assert len(title) <= 200, title
    assert not OURS.search(title), title
    typed = [line[at : at + 60] for at in range(len(line) - 60)]
    assert not any(part in title for part in typed), title


@pytest.mark.parametrize("name", REFUSED)
async def test_refusals(world: World, name: str) -> None:
    for line in REFUSED[name]:
        await check(world, line)
    golden(f"refusals/{name}", await transcript(world, REFUSED[name]))


async def test_questions_store_nothing(world: World) -> None:
    before = await world.dump()
    golden("refusals/questions", await transcript(world, ASKED))
    assert await world.dump() == before


async def test_refusals_in_euro(world: World) -> None:
    await transcript(world, EURO)
    for lines in REFUSED.values():
        for line in set(lines) - {"/convert 100.000 usd btc"}:  # who writes 1.234,56 means a hundred thousand
            await check(world, line)


@pytest.mark.parametrize("word", ["price", "alert", "convert", "chart", "top", "info", "help", "settings zone",
                                  "alerts pause", "alerts edit 1", "alert btc >", "alert btc", "nonsense"])  # fmt: skip
async def test_ten_thousand_characters(world: World, word: str) -> None:
    await check(world, LONG.format(word=word))


@pytest.mark.parametrize("text", ["a" * 10_000, "btc " * 2_500, "1" * 10_000, "\u202e" * 10_000, "\n" * 10_000])
async def test_ten_thousand_plain_characters(world: World, text: str) -> None:
    before = await world.dump()
    answer = await world.ask(text)
    assert await world.dump() == before
    assert not OURS.search(answer)
    assert "a" * 61 not in answer


async def test_a_question_is_answered_by_its_buttons() -> None:
    async with scripted(btc=90_000, eth=3000) as plain:
        for number, line in enumerate(ASKED, 10):
            who = Seat(number, number)  # an answer about a number is remembered
            asked = await plain.reply(line, who)
            for row in asked.buttons:
                for button in row:
                    answer = await plain.ask(button.line, who)
                    assert "is set" in answer or button.line in str(ASKED), button.line


async def test_repairs_are_lines_that_work(world: World) -> None:
    for lines in REFUSED.values():
        for line in lines:
            for row in (await world.reply(line)).buttons:
                for button in row:
                    repaired = await world.reply(button.line)
                    match repaired.data:
                        case Failure(code, _):
                            assert code == "source_unavailable", (line, button.line)  # no such coin in this market
                        case _:
                            assert repaired.card.tone != "warning", (line, button.line)


async def test_refusals_about_rights(world: World) -> None:
    await world.ask("/alert btc > 200k here", ADMIN_IN_GROUP)
    before = await world.dump()
    lines = (
        "/alert btc > 100k here", "/alerts pause 1 here", "/alerts edit 1 btc > 5 here", "/alerts delete 1 here",
        "/alerts pause 1",
    )  # fmt: skip
    said = [shown(await world.reply(line, ANN_IN_GROUP)) for line in lines]
    assert await world.dump() == before
    golden("refusals/rights", "\n\n".join(said))


async def test_a_ticker_that_several_coins_share_is_asked_once() -> None:
    twins = FakeCatalogue(
        (facts(Coin("acorn", "ACN", "Acorn", 300), "2"), facts(Coin("acne", "ACN", "Acne", 400), "3"))
    )
    async with scripted(coins=twins, btc=99) as world:
        await world.ask("/help")
        before = await world.dump(without=("inbox", "coin"))
        asked = await world.reply("/price acn")
        assert [button.line for row in asked.buttons for button in row] == ["/price acn=acorn", "/price acn=acne"]
        asked = await world.reply("/alert acn > 5")
        assert [button.line for row in asked.buttons for button in row] == [
            "/alert acn=acorn > 5",
            "/alert acn=acne > 5",
        ]
        assert await world.dump(without=("inbox", "coin")) == before
        assert "Acne (ACN)" in await world.ask("/price acn=acne")
        assert "Acne (ACN)" in await world.ask("/price acn")
        assert "acn = acne" in await world.ask("/export")
        assert "2 coins are called" in await world.ask("/price acn", BEN)


async def test_without_any_price() -> None:
    async with scripted() as empty:
        lines = ("/price btc", "/start", "/alert btc 100k", "/alert btc", "/alert eth -5%", "/chart btc", "/top",
                 "/movers", "/market", "/info btc", "/convert 1 btc", "/status")  # fmt: skip
        golden("refusals/no_prices", await transcript(empty, lines))
        assert "is set" in await empty.ask("/alert btc > 100k")

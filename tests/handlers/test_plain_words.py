"""Plain words of a private chat: which command line they stand for, and that they are answered like it."""

import pytest

from handlers.plain_words import as_line
from tests.stage import ANN
from tests.world import scripted

COINS = frozenset(("btc", "eth", "sol", "bitcoin", "$btc", "doge", "one"))


def read(text: str) -> str | None:
    return as_line(text, lambda word: word.lower() in COINS)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("btc", "/price btc"),
        ("BTC?", "/price BTC"),
        ("  btc   eth ", "/price btc eth"),
        ("btc eur", "/price btc eur"),
        ("$btc", "/price $btc"),
        ("btc 100k", "/alert btc 100k"),
        ("btc 95k 100k", "/alert btc 95k 100k"),
        ("btc > 100k", "/alert btc > 100k"),
        ("btc>100k", "/alert btc > 100k"),
        ("btc>=100k", "/alert btc >= 100k"),
        ("eth -5% in 1h", "/alert eth -5% in 1h"),
        ("eth above 4000", "/alert eth above 4000"),
        ("alert me when btc hits 100k", "/alert btc hits 100k"),
        ("tell me when eth < 3000", "/alert eth < 3000"),
        ("Notify me if sol crosses 200", "/alert sol crosses 200"),
        ("alert btc > 100k", "/alert btc > 100k"),
        ("alert", "/alert"),
        ("chart eth", "/chart eth"),
        ("chart eth 4h rsi", "/chart eth 4h rsi"),
        ("eth chart", "/chart eth"),
        ("btc chart 4h", "/chart btc 4h"),
        ("btc price", "/price btc"),
        ("show me the price of eth", "/price eth"),
        ("how much is sol?", "/price sol"),
        ("what's btc", "/price btc"),
        ("tell me about btc", "/price btc"),
        ("top 5", "/top 5"),
        ("movers", "/movers"),
        ("alerts", "/alerts"),
        ("settings", "/settings"),
        ("help price", "/help price"),
        ("convert 1 btc to eur", "/convert 1 btc to eur"),
        ("undo", "/alerts undo"),
        ("pause alert 1", "/alerts pause 1"),
        ("pause alerts 1 2 3", "/alerts pause 1 2 3"),
        ("delete alert 2", "/alerts delete 2"),
        ("remove my alert #2", "/alerts delete #2"),
        ("delete all", "/alerts delete all"),
        ("snooze alert 3 for 2h", "/alerts snooze 3 2h"),
        ("list alerts", "/alerts"),
        ("my alerts", "/alerts"),
        ("show me my alerts", "/alerts"),
        ("price of btc", "/price btc"),
        ("chart of eth 4h", "/chart eth 4h"),
        ("btc over 100000 dollars", "/alert btc over 100000 usd"),
        ("btc over €90k", "/alert btc over 90k eur"),
        ("btc > $90k", "/alert btc > 90k usd"),
        ("remind me when eth is below 2k", "/alert eth is below 2k"),
        ("help", "/help"),
        ("hello", "/help"),
        ("Hi!", "/help"),
        ("?", "/help"),
        ("", "/help"),
        ("dogecoinn", "/price dogecoinn"),  # a typo is suggested on
    ],
)
def test_readings(text: str, line: str) -> None:
    assert read(text) == line


@pytest.mark.parametrize(
    "text",
    ["thanks", "What?", "ok", "why", "how are you", "sell everything now", "btc to the moon", "\u202ebtc", "a" * 10_000,
     "btc " * 200, "🚀", "😀 btc"],
)  # fmt: skip
def test_no_reading(text: str) -> None:
    assert read(text) is None


async def test_they_are_answered_like_the_command() -> None:
    async with scripted(btc=90_000, eth=3000) as world:
        for text, line in (
            ("btc", "/price btc"),
            ("btc eth", "/price btc eth"),
            ("hello", "/help"),
            ("alert", "/alert"),
        ):
            assert await world.ask(text) == await world.ask(line)
        await world.ask("alert me when btc hits 100k")
        await world.ask("eth > 3\u202f100")
        rules = [each.rule for each in await world.app.services.alerts.of(await world.caller(ANN))]
        assert rules == ["bitcoin crosses 100000 usd up", "ethereum > 3100 usd"]
        assert "try «btc», «btc 100k», or /help" in await world.ask("thanks")

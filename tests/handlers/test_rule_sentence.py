"""The sentence of a rule, for each kind of metric and each term."""

import pytest

from handlers.rule_sentence import rule_sentence
from services.domain.people import Preferences
from services.domain.rule_language import RuleLine, bind, parse_rule
from tests.services.domain.rule_language.surroundings import EUROS

SYMBOLS = {"bitcoin": "BTC", "ethereum": "ETH", "solana": "SOL", "chainlink": "LINK"}


def sentence(line: str, preferences: Preferences) -> str:
    found = parse_rule(line)
    assert isinstance(found, RuleLine)
    return rule_sentence(bind(found, EUROS)[0], lambda each: SYMBOLS.get(each, each), preferences)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("btc > 100k usd for 10m", "Once, when BTC is above $100,000 for 10 min."),
        (
            "btc > 9k usd and eth rsi(14,4h) < 30 for 10m",
            "Once, when BTC is above $9,000 and RSI(14) of ETH at the close of a 4h bar is below 30, held for 10 min.",
        ),
        ("btc 100k usd", "Once, when BTC reaches $100,000 from below."),
        ("eth < 0.05 btc daily", "When ETH is below 0.05 BTC, at most once a day."),
        ("btc crosses 90k usd every 4h", "When BTC crosses $90,000, at most every 4h."),
        ("btc inside 95k..98k usd", "Once, when BTC is between $95,000 and $98,000."),
        ("btc leaves 95k..98k usd", "Once, when BTC is outside $95,000 to $98,000."),
        ("eth -5% in 1h", "Once, when ETH falls 5% from its high of the last 1h."),
        ("eth/btc +5% in 1h", "Once, when ETH/BTC rises 5% from its low of the last 1h."),
        ("sol ±2.5sigma in 30m", "Once, when SOL moves 2.5 sigma from its high or low of the last 30m."),
        ("eth drop(1h) < 5%", "Once, when the fall of ETH from its high of the last 1h is below 5%."),
        ("link volume > 3x avg in 1h", "Once, when the volume of LINK in 1h is above 3 times its average."),
        ("btc > sma(200,1d)", "Once, when BTC is above its SMA(200) of 1d bars."),
        ("btc > 2x sma(200,1d)", "Once, when BTC is above 2 times its SMA(200) of 1d bars."),
        (
            "btc sma(50,1d) crosses sma(200,1d) up",
            "Once, when the SMA(50) of 1d bars of BTC reaches its SMA(200) of 1d bars from below.",
        ),
        ("btc > bb upper 4h", "Once, when BTC is above its upper Bollinger band(20, 2) of 4h bars."),
        (
            "eth macd 4h > 0",
            "Once, when the MACD(12, 26, 9) histogram of ETH at the close of a 4h bar is above 0.",
        ),
        ("eth atr(14,1d) > 5%", "Once, when ATR(14) of ETH at the close of a 1d bar is above 5%."),
        (
            "(btc >= 100k usd or eth > 5k usd) and sol > 200 usd",
            "Once, when (BTC is at or above $100,000 or ETH is above $5,000) and SOL is above $200.",
        ),
        (
            "btc > 100k usd until 2026-12-24T10:00Z band 1.5% to telegram",
            "Once, when BTC is above $100,000, until 24 Dec 2026 10:00 UTC, with a band of 1.5%, on Telegram.",
        ),
        ("btc < 9k usd critical", "Once, when BTC is below $9,000, critical until acknowledged."),
        ("btc < 9k usd silent here", "Once, when BTC is below $9,000, silently, in this chat."),
    ],
)  # fmt: skip
def test_a_rule_in_one_sentence(line: str, words: str) -> None:
    assert sentence(line, Preferences()) == words


def test_numbers_are_written_as_the_person_writes_them() -> None:
    mine = Preferences(numbers="1.234,56")
    assert sentence("btc > 1234.5 eur and sol -2.5% in 1h", mine) == (
        "Once, when BTC is above €1.234,50 and SOL falls 2,5% from its high of the last 1h."
    )

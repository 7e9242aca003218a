"""Lines that have no reading: the words that the refusal must have, and the whole line mended where one is near."""

import pytest

from services.domain.rule_language import LONGEST, parse_rule
from services.domain.rules import RuleError
from tests.services.domain.rule_language.surroundings import rows

REFUSED = """
 | Which coin
alert me when | Which coin
> 100k | Start with a coin
btc | price is missing
btc > | price is missing
btc > 100k and | price is missing
rsi < 30 | Which coin
band > 5 | $band | $band > 5
move > 5 | $move | $move > 5
btc >> 100k | «>>» | btc > 100k
btc > > 100k | «>» comes twice | btc > 100k
btc above below 5 | «below»
btc > hello | «hello»
btc > 1e5 | «1e5»
btc > -5 | «-5»
btc > 0 | «0»
btc - 100k | «-»
btc ± 100k | «±»
btc > 9999999999999999 | out of reach
btc > 0.1234567890123456789 | «0.1234567890123456789»
eth --5% | «--5%»
eth -0% in 1h | «-0%»
eth -100% in 1h | «-100%»
eth +1001% in 1h | «+1001%»
eth -5% in | time is missing
eth -5% in later | «later» | eth -5% in 1h
eth -5% in 31d | at most 30 days | eth -5% in 30d
eth ±5% | Within which time | eth ±5% in 24h
sol 2σ | Within which time | sol 2σ in 24h
link volume > 3x | Within which time | link volume > 3x in 1h
btc in 95k..98k | «in» is for a time | btc inside 95k..98k
btc inside 95k | two numbers
btc inside 95k..95k | two different ends
btc 1 2 3 4 5 6 7 8 9 10 11 | At most 10
eth rsii(14,4h) < 30 | «rsi» | eth rsi(14,4h) < 30
eth rsii < 30 | «rsi» | eth rsi < 30
eth rsii < 30 evry 4h | «rsi» | eth rsi < 30 every 4h
eth rsi(14,2h) < 30 | «2h» | eth rsi(14,1h) < 30
eth rsi(14,4h < 30 | not closed | eth rsi(14,4h) < 30
eth rsi(1,4h) < 30 | 2 to 500
eth rsi(501,4h) < 30 | 2 to 500
eth macd(26,12,9,4h) > 0 | first length
eth macd(400,500,200,4h) > 0 | more than 1000 bars
btc > bb upper(20,11,4h) | 10 deviations
eth rsi < 130 | 0 and 100
eth atr > 5 | percent of the price | eth atr > 5%
eth/btc rsi < 30 | Leave out «btc»
btc sma(200,1d) > 90k | Compare an average
btc > rsi(14,4h) | «rsi»
btc > sma(50,1d) and sma(50,1d) > sma(50,1d) | itself
btc > 100k evry 4h | «every» | btc > 100k every 4h
btc > 100k for | «for» | btc > 100k for 10m
btc > 100k for 8d | 7 days | btc > 100k for 7d
btc > 100k every | «every» | btc > 100k every 4h
btc > 100k every 30s | «every»
btc > 100k every 31d | 30 days | btc > 100k every 30d
btc > 100k once every 4h | «every»
btc > 100k until soon | «until»
btc > 100k until 6000d | 5 years
btc > 100k until 2026-02-30 | «2026-02-30»
btc > 100k band 60% | «60%»
btc > 100k to mars | «to»
btc > 100k note | 1 to 64
btc > 100k once more | «more»
btc > 100k for 10m and eth > 5k | «and» | btc > 100k and eth > 5k for 10m
btc > 100k) | not opened | btc > 100k
(btc > 100k and eth > 5k | not closed | (btc > 100k and eth > 5k)
((((((((((btc > 5 | brackets
eth > 5k or btc 90k 80k | stand alone
btc > 1 or > 2 or > 3 or > 4 or > 5 or > 6 or > 7 or > 8 or > 9 | At most 8
btc etf flow < -300m | «etf» cannot be watched yet
IBIT flow > 500m loud | «flow» cannot
sol signal flips | «signal»
eth grade trader < 40 | «grade»
btc forecast 7d outside | «forecast»
btc reserves -2% in 7d | «reserves»
market sentiment < 20 | «sentiment»
portfolio -5% in 1h critical | «portfolio»
btc funding > 0.05% | «funding»
"""


@pytest.mark.parametrize("row", rows(REFUSED), ids=lambda row: row[0])
def test_a_line_is_refused_at_its_word(row: tuple[str, ...]) -> None:
    with pytest.raises(RuleError) as refusal:
        parse_rule(row[0])
    assert row[1] in str(refusal.value)
    assert refusal.value.repair == (row[2] if len(row) > 2 else None)


@pytest.mark.parametrize("part", ["btc ", "100k ", '"', "> ", "%", "1.", "every ", "\u0301", "up ", "  ", "(", "and "])
@pytest.mark.parametrize("length", [LONGEST + 1, 10_000])
def test_a_long_line_is_refused_at_once(part: str, length: int) -> None:
    with pytest.raises(RuleError, match="too long"):
        parse_rule((part * length)[:length])

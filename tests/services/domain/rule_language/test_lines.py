"""Lines and what each must become: canonical text, or the lines it is asked back with."""

import pytest

from tests.services.domain.rule_language.surroundings import meaning, rows

PRICES = """
btc > 100k | bitcoin > 100000 eur
btc>100k | bitcoin > 100000 eur
btc is above 100k | bitcoin > 100000 eur
btc is more than 100k usd | bitcoin > 100000 usd
btc exceeds 100k | bitcoin > 100000 eur
btc < 100k | bitcoin < 100000 eur
btc goes under 1.5k | bitcoin < 1500 eur
btc below 90000 dollars | bitcoin < 90000 usd
btc >= 100k | bitcoin crosses 100000 eur up
btc => 100k | bitcoin crosses 100000 eur up
btc ≤ 100k | bitcoin crosses 100000 eur down
btc 100k | bitcoin crosses 100000 eur up
btc = 100k | bitcoin crosses 100000 eur up
btc 90k | bitcoin crosses 90000 eur down
100k btc | bitcoin crosses 100000 eur up
100k eur btc | bitcoin crosses 100000 eur up
alert me when btc hits 100k | bitcoin crosses 100000 eur up
Tell me if the price of BTC reaches $100,000 | bitcoin crosses 100000 usd up
tell me when the price of bitcoin goes above 100k eur | bitcoin > 100000 eur
btc price > 100k | bitcoin > 100000 eur
btc drops to 90k | bitcoin crosses 90000 eur down
btc drops below 90k | bitcoin < 90000 eur
btc rises above 100k | bitcoin > 100000 eur
btc crosses 100k | bitcoin crosses 100000 eur up then down
btc crosses 90k | bitcoin crosses 90000 eur down then up
btc crosses 100k up | bitcoin crosses 100000 eur up
btc crosses above 100k | bitcoin crosses 100000 eur up
btc crosses > 100k | bitcoin crosses 100000 eur up
btc crosses up 100k | bitcoin crosses 100000 eur up
btc crosses 100k down | bitcoin crosses 100000 eur down
btc crosses 90k up then down | bitcoin crosses 90000 eur up then down
btc > 30m | bitcoin > 30000000 eur
btc > 1m | bitcoin > 1000000 eur
btc > 1.5b | bitcoin > 1500000000 eur
btc > 70_000 | bitcoin > 70000 eur
btc > €100k | bitcoin > 100000 eur
btc > 100k eur | bitcoin > 100000 eur
btc > 100k! | bitcoin > 100000 eur
eth > 0.05 btc | ethereum > 0.05 bitcoin
eth/btc > 0.05 | ethereum > 0.05 bitcoin
eth/btc 0,05 | ethereum crosses 0.05 bitcoin down
btc/usd > 100k | bitcoin > 100000 usd
doge > 0,1 | dogecoin > 0.1 eur
btc > ٣ | bitcoin > 3 eur
btc 100 000 | bitcoin crosses 100000 eur up
$band > 5 | $band > 5 eur
$one 1 | $one crosses 1 eur down
1inch > 0.5 | 1inch > 0.5 eur
0x > 0.5 | 0x=0x > 0.5 eur
flow > 0.5 | $flow > 0.5 eur
bch=bitcoin-cash > 500 | bitcoin-cash > 500 eur
bitcoin-cash > 500 | bitcoin-cash > 500 eur
btc 95k 100k 105k | bitcoin crosses 95000 eur down; bitcoin crosses 100000 eur up; bitcoin crosses 105000 eur up
btc 95k, 100k | bitcoin crosses 95000 eur down; bitcoin crosses 100000 eur up
btc 95k and 100k | bitcoin crosses 95000 eur down; bitcoin crosses 100000 eur up
btc > 95k 100k usd | bitcoin > 95000 usd; bitcoin > 100000 usd
btc 95k 95k 95000 | bitcoin crosses 95000 eur down
btc 1m 2m | bitcoin crosses 1000000 eur up; bitcoin crosses 2000000 eur up
btc inside 95k..98k | bitcoin inside 95000..98000 eur
btc inside 98k .. 95k usd | bitcoin inside 95000..98000 usd
btc inside 95k 98k | bitcoin inside 95000..98000 eur
btc between 95k and 98k | bitcoin inside 95000..98000 eur
btc enters 95k-98k | bitcoin inside 95000..98000 eur
btc enters 95k - 98k | bitcoin inside 95000..98000 eur
btc outside 95k..98k | bitcoin outside 95000..98000 eur
btc leaves 95k to 98k | bitcoin outside 95000..98000 eur
btc >= 95k and btc <= 98k | bitcoin inside 95000..98000 eur
"""

MOVES = """
eth -5% in 1h | ethereum/eur -5% in 1h
eth − 5% within 1h | ethereum/eur -5% in 1h
eth -5% 1h | ethereum/eur -5% in 1h
eth +5% in 1h | ethereum/eur +5% in 1h
eth drops 5% in 1h | ethereum/eur -5% in 1h
eth drops more than 5% in 1h | ethereum/eur -5% in 1h
eth falls by 2.5% in 24h | ethereum/eur -2.5% in 1d
if eth falls 5% within an hour | ethereum/eur -5% in 1h
eth down 5 percent over the last 30 minutes | ethereum/eur -5% in 30m
btc up 5% in 24h | bitcoin/eur +5% in 1d
-5% eth in 1h | ethereum/eur -5% in 1h
5% drop in eth in 1h | ethereum/eur -5% in 1h
eth < -5% in 1h | ethereum/eur -5% in 1h
eth/btc -5% in 1h | ethereum/bitcoin -5% in 1h
eth rises 500% in 30d | ethereum/eur +500% in 30d
sol ±3% in 30m | solana/eur ±3% in 30m
sol +/-3% in 30m | solana/eur ±3% in 30m
ping me if sol moves 5% in 1h | solana/eur ±5% in 1h
eth -5% | ethereum crosses 93100 eur down
eth drop(1h) < 5% | ethereum/eur drop(1h) < 5%
sol ±2.5sigma in 30m | solana ±2.5sigma in 30m
sol -3 sigma in 1h | solana -3sigma in 1h
sol rises 2σ in 1h | solana +2sigma in 1h
btc moves more than 3 sigma in 1h | bitcoin ±3sigma in 1h
link volume > 3x avg in 1h | chainlink volume > 3x avg in 1h
link vol 3x in 1h | chainlink volume > 3x avg in 1h
link volume > 300% in 1h | chainlink volume > 3x avg in 1h
link volume 3 times the average in 4h | chainlink volume > 3x avg in 4h
link volume above average in 1d | chainlink volume > 1x avg in 1d
volume of link > 3x in 1h | chainlink volume > 3x avg in 1h
"""

STUDIES = """
eth rsi(14,4h) < 30 | ethereum rsi(14,4h) < 30
eth rsi < 30 | ethereum rsi(14,1h) < 30
eth rsi 4h < 30 | ethereum rsi(14,4h) < 30
eth 4h rsi < 30 | ethereum rsi(14,4h) < 30
eth rsi(14) 4h < 30 | ethereum rsi(14,4h) < 30
eth rsi 14 4h < 30 | ethereum rsi(14,4h) < 30
eth rsi7 15m < 30 | ethereum rsi(7,15m) < 30
eth rsi < 30 4h | ethereum rsi(14,4h) < 30
eth's rsi below 30 on the 4h chart | ethereum rsi(14,4h) < 30
eth rsi ( 14 , 4h ) < 30 | ethereum rsi(14,4h) < 30
when rsi of eth on 4h drops below 30 | ethereum rsi(14,4h) < 30
rsi below 30 on eth | ethereum rsi(14,1h) < 30
rsi(14,1h) of sol crosses above 70 every day | solana rsi(14,1h) crosses 70 up daily
eth rsi 30 | ethereum rsi(14,1h) crosses 30 down
eth rsi crosses 70 | ethereum rsi(14,1h) crosses 70 up then down
eth rsi(14,4h) inside 30..70 | ethereum rsi(14,4h) inside 30..70
eth rsi outside 30..70 | ethereum rsi(14,1h) outside 30..70
btc > sma(200,1d) | bitcoin > sma(200,1d)
btc > sma(200) | bitcoin > sma(200,1h)
btc exceeds sma 200 1d | bitcoin > sma(200,1d)
btc > 200d sma | bitcoin > sma(200,1d)
btc above the 200 day moving average | bitcoin > sma(200,1d)
btc > 1.5x sma(200,1d) | bitcoin > 1.5x sma(200,1d)
btc hits sma(200,1d) | bitcoin crosses sma(200,1d) up
btc crosses ema(50,4h) up | bitcoin crosses ema(50,4h) up
btc crosses above ema50 4h | bitcoin crosses ema(50,4h) up
btc crosses ema50 4h | bitcoin crosses ema(50,4h) up then down
btc sma(50,1d) > sma(200,1d) | bitcoin sma(50,1d) > sma(200,1d)
btc sma(50,1d) crosses sma(200) | bitcoin sma(50,1d) crosses sma(200,1d) up then down
btc sma 50 > sma 200 1d | bitcoin sma(50,1d) > sma(200,1d)
btc > bb upper(20,2,4h) | bitcoin > bb upper(20,2,4h)
btc < bb_lower(20,2.5,4h) | bitcoin < bb lower(20,2.5,4h)
btc above upper bollinger 4h | bitcoin > bb upper(20,2,4h)
btc below the lower bollinger band 4h band 1% | bitcoin < bb lower(20,2,4h) band 1%
eth macd(12,26,9,4h) > 0 | ethereum macd(12,26,9,4h) > 0
eth macd > -5 | ethereum macd(12,26,9,1h) > -5
eth macd > -100.0010 | ethereum macd(12,26,9,1h) > -100.0010
eth macd inside -5..5 | ethereum macd(12,26,9,1h) inside -5..5
eth macd crosses up 4h | ethereum macd(12,26,9,4h) crosses 0 up
eth macd crosses zero on the 4h chart | ethereum macd(12,26,9,4h) crosses 0 down then up
eth macd 4h turns positive | ethereum macd(12,26,9,4h) > 0
eth atr(14,1d) > 5% | ethereum atr(14,1d) > 5%
eth atr inside 2%..5% | ethereum atr(14,1h) inside 2%..5%
"""

JOINED = """
eth rsi(14,4h) < 30 and eth > 2500 | ethereum rsi(14,4h) < 30 and ethereum > 2500 eur
btc > 90k and < 97k | bitcoin > 90000 eur and bitcoin < 97000 eur
btc > 90k usd and < 97k | bitcoin > 90000 usd and bitcoin < 97000 usd
eth rsi < 30 and > 2500 | ethereum rsi(14,1h) < 30 and ethereum > 2500 eur
btc > 100k or eth > 5k | bitcoin > 100000 eur or ethereum > 5000 eur
btc > 100k & eth > 5k | bitcoin > 100000 eur and ethereum > 5000 eur
(btc > 100k or eth > 5k) and sol > 200 | (bitcoin > 100000 eur or ethereum > 5000 eur) and solana > 200 eur
((btc > 100k)) | bitcoin > 100000 eur
btc inside 95k..98k and eth > 2500 | bitcoin inside 95000..98000 eur and ethereum > 2500 eur
alert me when btc drops below 90k or eth drops below 2k | bitcoin < 90000 eur or ethereum < 2000 eur
btc > 100k and rsi > 70 for 30m | bitcoin > 100000 eur and bitcoin rsi(14,1h) > 70 for 30m
btc crosses above 100k or eth hits 5k | bitcoin >= 100000 eur or ethereum <= 5000 eur
"""

TERMS = """
btc > 100k for 10m | bitcoin > 100000 eur for 10m
btc > 100k for at least 2 hours | bitcoin > 100000 eur for 2h
btc > 100k once | bitcoin > 100000 eur
btc > 100k every 60s | bitcoin > 100000 eur every 1m
btc > 100k every hour | bitcoin > 100000 eur every 1h
btc > 100k every 24h | bitcoin > 100000 eur every 1d
btc > 100k daily | bitcoin > 100000 eur daily
btc > 100k until 3d | bitcoin > 100000 eur until 2026-11-25T12:00:00Z
btc > 100k until fri | bitcoin > 100000 eur until 2026-11-27T22:59:59Z
btc > 100k until 2026-12-24 | bitcoin > 100000 eur until 2026-12-24T22:59:59Z
btc > 100k until 2026-12-24T10:00:00+02:00 | bitcoin > 100000 eur until 2026-12-24T08:00:00Z
btc > 100k band 1.5% | bitcoin > 100000 eur band 1.5%
btc > 100k band 2 | bitcoin > 100000 eur band 2%
btc > 100k silent | bitcoin > 100000 eur silent
btc > 100k critical to telegram | bitcoin > 100000 eur critical to telegram
btc > 100k to dm | bitcoin > 100000 eur to dm
btc > 100k to here | bitcoin > 100000 eur here
btc > 100k note sell half | bitcoin > 100000 eur note "sell half"
btc > 100k note “sell half” loud | bitcoin > 100000 eur loud note "sell half"
btc > 100k here loud note "a" every 1d for 5m until 1w | bitcoin > 100000 eur for 5m every 1d \
until 2026-11-29T12:00:00Z loud here note "a"
"""

ASKED = """
eth 5% | ? eth +5%; ? eth -5%
eth 5% in 4h every 1d | ? eth +5% in 4h every 1d; ? eth -5% in 4h every 1d
eth > 5 % in 1h | ? eth +5% in 1h; ? eth -5% in 1h
sol 2σ in 1h | ? sol +2sigma in 1h; ? sol -2sigma in 1h; ? sol ±2sigma in 1h
btc > 100k 1h | ? btc > 100k for 1h; ? btc > 100k every 1h; ? btc > 100k until 1h; ? btc > 100k
btc > 100k in 1h | ? btc > 100k for 1h; ? btc > 100k every 1h; ? btc > 100k until 1h; ? btc > 100k
btc > 100k 3w | ? btc > 100k for 7d; ? btc > 100k every 3w; ? btc > 100k until 3w; ? btc > 100k
alert me when w > 5 1h | ? w > 5 for 1h; ? w > 5 every 1h; ? w > 5 until 1h; ? w > 5
btc > 100.000 | ? btc > 100; ? btc > 100000
bonk > 1.234 | ? bonk > 1.2340; ? bonk > 1234
1,5x > 1,5 | ? 1,5x > 1.5; ? 1,5x > 15
eth -1,5% in 1h | ? eth -1.5% in 1h; ? eth -15% in 1h
btc 90k 100.000 eur every 1d | ? btc 90k 100 eur every 1d; ? btc 90k 100000 eur every 1d
btc > bb 4h | ? btc > bb upper 4h; ? btc > bb lower 4h
btc > 1 and eth > 2 or sol > 3 | ? (btc > 1 and eth > 2) or sol > 3; ? btc > 1 and (eth > 2 or sol > 3)
eth rsi < 30 and > 20 | ? eth rsi < 30 and rsi(14,1h) > 20; ? eth rsi < 30 and price > 20
btc > 100k, eth > 5k | ? btc > 100k, and eth > 5k; ? btc > 100k, or eth > 5k
"""


@pytest.mark.parametrize(("line", "expected"), rows(PRICES, MOVES, STUDIES, JOINED, TERMS, ASKED))
def test_a_line_becomes(line: str, expected: str) -> None:
    assert meaning(line) == tuple(expected.split("; "))

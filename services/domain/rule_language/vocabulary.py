"""The words of the rule language: one table for each kind."""

import re
from typing import Final, Literal

from services.domain.coins import FIATS
from services.domain.metrics import KINDS, MetricName, StudyName
from services.domain.rules import Loudness, Op

Way = Literal["+", "-", "±"]

LEAD: Final = frozenset((
    "alert", "me", "when", "whenever", "if", "tell", "notify", "ping", "wake", "watch", "please", "let", "know", "that",
    "either", "both", "us", "as", "soon", "i", "want", "be", "told", "to", "message", "once",
))  # fmt: skip
FILLERS: Final = LEAD | {
    "the", "of", "is", "are", "gets", "get", "goes", "go", "at", "by", "on", "its", "it", "has", "have", "been", "a",
    "an", "value", "level", "will", "should", "than", "trades", "moved", "back", "turns", "becomes", "comes",
}  # fmt: skip
SYMBOLS: Final[dict[str, Op]] = {
    ">": "above", "<": "below", ">=": "up", "=>": "up", "≥": "up", "<=": "down", "=<": "down", "≤": "down",
}  # fmt: skip
COMPARED: Final[dict[str, Op]] = {
    **dict.fromkeys(("above", "over", "exceeds", "tops", "more", "greater", "higher", "bigger", "passes"), "above"),
    **dict.fromkeys(("below", "under", "less", "lower", "smaller"), "below"),
}
CROSS: Final = frozenset(("cross", "crosses", "crossing", "crossed"))
TOUCH: Final = frozenset(("hits", "hit", "reaches", "reach", "touches", "touch", "reached", "=", "=="))
UP: Final = frozenset(("up", "upward", "upwards"))
DOWN: Final = frozenset(("down", "downward", "downwards"))
RISES: Final = UP | {
    "rises", "rise", "rising", "climbs", "climb", "gains", "gain", "jumps", "jump", "pumps", "increases", "rallies",
}  # fmt: skip
FALLS: Final = DOWN | {
    "falls", "fall", "falling", "drops", "drop", "loses", "lose", "dips", "dip", "dumps", "crashes", "decreases",
    "sinks", "slips",
}  # fmt: skip
SWINGS: Final = frozenset(("moves", "move", "swings", "swing", "changes", "change"))
SIGNS: Final[dict[str, Way]] = {"+": "+", "-": "-", "−": "-", "–": "-", "±": "±", "+-": "±", "+/-": "±"}
RANGES: Final[dict[str, Literal["inside", "outside"]]] = {
    "inside": "inside", "enters": "inside", "between": "inside", "outside": "outside", "leaves": "outside",
}  # fmt: skip
WITHIN: Final = frozenset(("in", "within", "over", "during"))
JOINERS: Final[dict[str, Literal["and", "or"]]] = {"and": "and", "&": "and", "&&": "and", "or": "or", "||": "or"}
TERMS: Final = frozenset((
    "for", "once", "every", "each", "daily", "until", "till", "band", "silent", "silently", "loud", "critical", "to",
    "here", "note",
))  # fmt: skip
LOUDNESS: Final[dict[str, Loudness]] = {
    "silent": "silent", "silently": "silent", "loud": "loud", "critical": "critical",
}  # fmt: skip

VOLUME: Final = frozenset(("volume", "vol"))
AVERAGE: Final = frozenset(("avg", "average", "usual", "normal", "mean"))
STUDIES: Final[dict[str, StudyName]] = {
    "sma": "sma", "ma": "sma", "ema": "ema", "rsi": "rsi", "macd": "macd", "atr": "atr", "bb_upper": "bb_upper",
    "bb_lower": "bb_lower",
}  # fmt: skip
BOLLINGER: Final = frozenset(("bb", "bollinger", "bollingers"))
SIDES: Final[dict[str, StudyName]] = {"upper": "bb_upper", "lower": "bb_lower"}
NUMBERED: Final = re.compile(r"(sma|ma|ema|rsi|atr)([0-9]{1,4})", re.ASCII)  # ema50
MOVES: Final[dict[str, MetricName]] = {
    name: name for name in KINDS if name.startswith(("drop", "rise", "swing"))
}  # written with a window in brackets: drop(1h)
CHART: Final = frozenset(("chart", "bar", "bars", "candle", "candles", "timeframe", "tf"))

MONEY: Final[dict[str, str]] = {
    **{code: code for code in FIATS},
    "dollar": "usd", "dollars": "usd", "bucks": "usd", "$": "usd", "euro": "eur", "euros": "eur", "€": "eur",
    "pounds": "gbp", "£": "gbp", "yen": "jpy", "¥": "jpy",
}  # fmt: skip
LATER: Final = frozenset((
    "etf", "etfs", "flow", "flows", "outflow", "inflow", "signal", "signals", "grade", "grades", "forecast", "reserves",
    "funding", "sentiment", "portfolio", "streak", "premium", "holdings", "record", "watchlist", "dominance",
))  # fmt: skip
COIN_TOO: Final = frozenset(("flow",))  # a name of something else that is also a well-known coin's ticker

KEYWORDS: Final = (
    FILLERS | COMPARED.keys() | CROSS | TOUCH | RISES | FALLS | SWINGS | RANGES.keys() | WITHIN | JOINERS.keys() | TERMS
    | VOLUME | AVERAGE | STUDIES.keys() | BOLLINGER | SIDES.keys() | MOVES.keys() | CHART | LATER | MONEY.keys()
    | {"price", "then", "last", "past", "one", "zero", "positive", "negative", "percent", "sigma", "times"}
)  # fmt: skip
"""What a coin of the same name is told from by a `$`."""

HEADS: Final = (
    "rsi", "macd", "sma", "ema", "atr", "volume", "bollinger", "upper", "lower", "crosses", "above", "below", "inside",
    "outside", "enters", "leaves", "between", "drops", "rises", "falls", "reaches", "hits",
)  # fmt: skip
"""What a misspelt word before a level was meant for."""

TAILS: Final = ("every", "until", "daily", "band", "silent", "loud", "critical", "here", "note", "once", "within")
"""And one after a level."""

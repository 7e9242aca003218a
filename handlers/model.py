"""What goes in and out of a command, without any platform: request, reply, card, chart, button."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from services.domain.candles import Candle, Interval
from services.domain.coins import Coin
from services.domain.people import Caller
from services.errors import InvalidInput, UserError
from services.tx import Tx

if TYPE_CHECKING:
    from handlers.declaration import Command
    from services.hub import Services

T_co = TypeVar("T_co", covariant=True)
Tone = Literal["up", "down", "neutral", "warning"]
Mark = Literal["SIMULATED", "STALE", "REPLAY", "PARTIAL", "ESTIMATE"]
Study = Literal["sma", "ema", "vol", "rsi", "macd", "bb"]
Theme = Literal["dark", "light"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The last line of every answer: where the numbers come from and when they were true."""

    source: str
    as_of: datetime
    age_seconds: int | None = None  # given only when it is abnormal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a card's table: a label and its values; a renderer aligns the columns."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """An answer for people: words without markup. Lines may be long; the table is at most 34 characters wide."""

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()  # smaller print below the table
    source: Provenance | None = None
    tone: Tone = "neutral"
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A command line with a label; what changes something may be pressed by its owner only."""

    label: str
    line: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture's content: bars and which studies to draw; the renderer owns every pixel. Prices are in `currency`."""

    title: str  # "BTC/USD"
    interval: Interval
    candles: tuple[Candle, ...]
    currency: str  # "USD"
    studies: tuple[Study, ...]
    source: str
    as_of: datetime
    zone: str = "UTC"  # IANA name, for the time axis
    theme: Theme = "dark"
    marks: tuple[Mark, ...] = ()
    levels: tuple[Decimal, ...] = ()  # alert levels, drawn as dashed lines

    @property
    def alt(self) -> str:
        """Return the line of text that stands for the picture where it cannot be seen."""
        from handlers.charts import describe

        return describe(self)


@dataclass(frozen=True, slots=True)
class Reply(Generic[T_co]):
    """One answer: `data` for machines, `card` for people."""

    data: T_co
    card: Card
    chart: Chart | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()  # rows
    private: bool = False  # for the caller's eyes only


@dataclass(frozen=True, slots=True)
class Change(Generic[T_co]):
    """What a command is about to do. `apply` runs inside the one transaction that also marks the command as done."""

    apply: Callable[[Tx], Reply[T_co]]
    leaves_no_trace: bool = False  # the answer is sent directly and kept nowhere


@dataclass(frozen=True, slots=True)
class Request:
    """One invocation: who asks, where, and what a handler may use."""

    caller: Caller
    services: "Services"
    commands: tuple["Command", ...] = field(repr=False)
    choices: dict[str, str] = field(default_factory=dict)  # clashing tickers that this person has chosen between
    learned: dict[str, str] = field(default_factory=dict)  # chosen by this very line, to be remembered
    left_out: list[UserError] = field(default_factory=list)  # why some of several words have no answer of their own

    async def coin(self, word: str) -> Coin:
        """Return the coin that a word means; `bch=bitcoin-cash` says which one, and is remembered."""
        name, chosen, coin_id = word.partition("=")
        try:
            found = await self.services.coins.find(coin_id or name, self.choices.get)
        except UserError as failure:
            clash = isinstance(failure, InvalidInput)
            choices = tuple((label, f"{name}={each}" if clash else each) for label, each in failure.choices)
            raise type(failure)(failure.message, choices=choices, replaces=word) from None
        if chosen:
            self.learned[name.casefold()] = found.id
        return found

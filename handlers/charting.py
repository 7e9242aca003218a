"""/chart: a coin's candles as a picture."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from handlers import format as write
from handlers.charts import span_text
from handlers.model import Button, Card, Chart, Mark, Provenance, Reply, Request
from handlers.params import Coin
from services.domain.candles import Candle, Interval
from services.domain.language import say
from services.domain.people import Preferences

_BARS = 120
_STUDIES: tuple[Literal["rsi", "macd", "bb", "ema"], ...] = ("rsi", "macd", "bb", "ema")


@dataclass(frozen=True, slots=True)
class Bars:
    """The candles behind a chart for machines, oldest first."""

    coin: str
    interval: Interval
    unit: str
    source: str
    as_of: datetime
    candles: tuple[Candle, ...]


async def chart(
    request: Request,
    coin: Coin,
    interval: Literal["1m", "5m", "15m", "1h", "4h", "1d"] = "1h",
    study: tuple[Literal["rsi", "macd", "bb", "ema", "vol"], ...] = (),
) -> Reply[Bars]:
    """Draw a coin's candles with volume and averages.

    Bars of 1m to 1d; add rsi, macd, bb or ema for more. The two lines are averages over 20 and 50 bars.
    """
    run = await request.services.candles.candles(coin, interval, _BARS)
    mine = request.caller.preferences
    mark = _marks(run.source)
    levels = tuple(
        each.condition.level
        for each in await request.services.alerts.of(request.caller, here=True)
        if each.state == "ok" and each.condition.metric.key == f"price@pair:{coin.id}/usd"
    )
    picture = Chart(
        title=f"{coin.symbol}/USD",
        interval=interval,
        candles=run.candles,
        currency="USD",
        studies=("sma", "vol", *(each for each in dict.fromkeys(study) if each != "vol")),
        source=write.source_name(run.source),
        as_of=run.as_of,
        zone=mine.zone,
        marks=mark,
        levels=levels[:3],
    )
    card = _card(picture, mine)
    data = Bars(coin.id, interval, "USD", run.source, run.as_of, run.candles)
    return Reply(data, card, chart=picture, buttons=_buttons(coin.id, interval, study))


def _card(picture: Chart, mine: Preferences) -> Card:
    last, first = picture.candles[-1], picture.candles[0]
    change = (last.close - first.open) * 100 / first.open if first.open else Decimal()
    moved = say("{change} over {bars}", change=write.percent(change, mine), bars=span_text(picture))
    high = write.price(max(bar.high for bar in picture.candles), "usd", mine)
    low = write.price(min(bar.low for bar in picture.candles), "usd", mine)
    return Card(
        title=f"{picture.title} · {picture.interval}",
        lines=(
            f"{write.price(last.close, 'usd', mine)}  {moved}",
            say("High {high}, low {low}", high=high, low=low),
        ),
        source=Provenance(picture.source, picture.as_of),
        tone="up" if change > 0 else "down" if change < 0 else "neutral",
        marks=picture.marks,
    )


def _buttons(coin: str, interval: str, study: tuple[str, ...]) -> tuple[tuple[Button, ...], ...]:
    others = " ".join(study)
    frames = tuple(
        Button(each if each != interval else f"· {each} ·", f"/chart {coin} {each} {others}".strip())
        for each in ("15m", "1h", "4h", "1d")
    )
    toggles = tuple(
        Button(
            f"✓ {each.upper()}" if each in study else each.upper(),
            " ".join((f"/chart {coin} {interval}", *_toggled(study, each))),
        )
        for each in _STUDIES
    )
    again = Button(say("Refresh"), f"/chart {coin} {interval} {others}".strip())
    return (frames, toggles, (again, Button(say("Alert me"), f"/alert {coin}")))


def _toggled(study: tuple[str, ...], each: str) -> tuple[str, ...]:
    return tuple(one for one in study if one != each) if each in study else (*study, each)


def _marks(source: str) -> tuple[Mark, ...]:
    if source == "simulated":
        return ("SIMULATED",)
    return ("REPLAY",) if source == "replay" else ()

"""/start, /help, /about, /privacy, /status: finding one's way."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from handlers import format as write
from handlers.declaration import Command
from handlers.model import Button, Card, Reply, Request, Row
from handlers.params import Words
from services.domain.language import say
from services.errors import NotFound, SourceUnavailable
from services.market import SourceHealth


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """One command as /help shows it."""

    usage: str
    summary: str


async def start(request: Request, payload: Words = "") -> Reply[None]:
    """Begin here: a live price and the two things to try first."""
    del payload  # a deep link's text; links that carry a command come with later features
    mine = request.caller.preferences
    coin = request.services.coins.resolve("bitcoin")
    lines = [say("I tell you crypto prices, and I tell you when they reach what you wait for.")]
    card = Card("Flowbell", notes=(say("Information, not advice."),))
    try:
        quote = await request.services.market.look_up(coin, mine.currency)
    except SourceUnavailable as failure:
        lines.append(failure.message)
    else:
        change = write.percent(quote.change_24h_pct, mine)
        lines.append(f"{coin.symbol} {write.price(quote.price, mine.currency, mine)}  {change}")
        card = replace(card, source=write.provenance(quote), marks=write.marks(quote))
    lines.append(say("Type «btc» for a price, or «btc 100k» to be told when it gets there."))
    buttons = ((Button(say("BTC price"), "/price bitcoin"), Button(say("Set an alert"), "/alert")),)
    return Reply(None, replace(card, lines=tuple(lines)), buttons=buttons)


async def help_(request: Request, command: Words = "") -> Reply[tuple[CommandHelp, ...]]:
    """Show what I can do, or how one command is used."""
    if command:
        return _one(request, command)
    shown = tuple(CommandHelp(each.usage, each.summary) for each in request.commands)
    lines: list[str] = []
    for heading, members in _by_group(request.commands):
        lines.append("")
        lines.append(heading)
        lines.extend(f"/{each.name} – {each.summary.rstrip('.')}" for each in members)
    card = Card(
        say("What I can do"),
        lines=tuple(lines[1:]),
        notes=(say("/help price shows how one command is used. In a private chat plain words work: btc, chart eth."),),
    )
    return Reply(shown, card, buttons=((Button(say("Set an alert"), "/alert"), Button(say("Settings"), "/settings")),))


def _by_group(commands: tuple[Command, ...]) -> tuple[tuple[str, tuple[Command, ...]], ...]:
    from handlers.catalogue import GROUPS

    return tuple((heading, tuple(each for each in commands if each in members)) for heading, members in GROUPS)


def _one(request: Request, name: str) -> Reply[tuple[CommandHelp, ...]]:
    wanted = tuple(name.strip().removeprefix("/").lower().split())
    found = [each for each in request.commands if each.path[: len(wanted)] == wanted]
    if not found:
        raise NotFound(say("There is no command /{name}. /help shows them all.", name=name[:40]))
    lines: list[str] = []
    for each in found:
        lines += [each.usage, each.summary, each.details, ""]
    card = Card("/" + " ".join(wanted), lines=tuple(lines[:-1]))
    return Reply(tuple(CommandHelp(each.usage, each.summary) for each in found), card)


async def about(request: Request) -> Reply[None]:
    """Tell what this is, where the numbers come from, and what it is not."""
    sources = [write.source_name(each.name) for each in request.services.market.health()]
    card = Card(
        say("About Flowbell"),
        lines=(
            say("Prices and alerts in chat. Every number says where it came from and when it was true."),
            say("A price is the median of the sources that are live. One that is old says STALE."),
            say("Information, not advice. I do not trade and hold nobody's money."),
        ),
        table=tuple(Row((name,)) for name in sources),
        notes=(say("Open source under the Apache-2.0 licence."),),
    )
    return Reply(None, card, buttons=((Button(say("Status"), "/status"), Button(say("Privacy"), "/privacy")),))


async def privacy(request: Request) -> Reply[None]:
    """Tell what is stored about you, and for how long."""
    lines = (
        say("I store your number on this platform, your settings, your alerts and what they told you."),
        say("The text of a command is deleted once it is answered. I read no other messages."),
        say("/export sends you everything I have of yours. /forget deletes it all, at once."),
        say("Nothing is sold or shared. The operator of this bot can see its store."),
    )
    buttons = ((Button(say("Export"), "/export"), Button(say("Forget me"), "/forget")),)
    return Reply(None, Card(say("Privacy"), lines=lines), buttons=buttons)


async def status(request: Request) -> Reply[tuple[SourceHealth, ...]]:
    """Show how fresh each source is, and what waits to be sent."""
    services = request.services
    mine = request.caller.preferences
    health = services.market.health()
    rows = [Row((write.source_name(each.name), _health_words(each, request))) for each in health]
    rows += [Row((name, word)) for name, word in sorted(services.health.words.items())]
    rows.append(Row((say("Alerts watched"), write.number(Decimal(len(services.alerts)), 0, mine.numbers))))
    notes = tuple(
        say("{source}: {error}", source=write.source_name(each.name), error=each.last_error)
        for each in health
        if each.last_error is not None and not each.live
    )
    calm = all(each.live for each in health)
    card = Card(
        say("All sources are live") if calm else say("Some sources are silent"),
        table=tuple(rows),
        notes=notes,
        tone="neutral" if calm else "warning",
    )
    return Reply(health, card, buttons=((Button(say("Refresh"), "/status"),),))


def _health_words(each: SourceHealth, request: Request) -> str:
    if each.last_at is None:
        return say("nothing yet")
    age = write.span(max(request.services.clock.now() - each.last_at, timedelta()))
    return say("live, {age} ago", age=age) if each.live else say("silent for {age}", age=age)

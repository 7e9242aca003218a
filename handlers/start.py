"""/start, /help, /about, /privacy, /status: finding one's way."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from handlers import format as write
from handlers import times
from handlers.declaration import Command
from handlers.model import Button, Card, Provenance, Reply, Request, Row
from handlers.params import Words
from services.domain.language import say
from services.errors import NotFound, SourceUnavailable, StoreError
from services.market import SourceHealth

_MORE = re.compile(r"[:,.]")


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
    lines = [say("I tell you crypto prices, and I tell you when they reach what you wait for."), ""]
    card = Card("Flowbell", notes=(say("Information, not advice."),))
    try:
        quote = await request.services.market.look_up(coin, mine.currency)
    except SourceUnavailable as failure:
        lines.append(failure.message)
    else:
        change = "" if quote.change_24h_pct is None else write.day_change(quote.change_24h_pct, mine)
        lines.append(f"{coin.symbol} {write.price(quote.price, mine.currency, mine)}  {change}".rstrip())
        card = replace(card, source=write.provenance(quote), marks=write.marks(quote))
    lines += ["", say("Type «btc» for a price, or «btc 100k» to be told when it gets there.")]
    buttons = ((Button(say("BTC price"), "/price bitcoin"), Button(say("Set an alert"), "/alert")),)
    return Reply(None, replace(card, lines=tuple(lines)), buttons=buttons)


async def help_(request: Request, command: Words = "") -> Reply[tuple[CommandHelp, ...]]:
    """Show what I can do, or how one command is used."""
    if command:
        return _one(request, command)
    shown = tuple(CommandHelp(each.usage, each.summary) for each in request.commands)
    lines: list[str] = []
    for heading, members in _by_group(request.commands):
        lines += ["", heading, *_listed(members)]
    card = Card(
        say("What I can do"),
        lines=tuple(lines[1:]),
        notes=(say("/help price shows how one command is used. In a private chat plain words work: btc, chart eth."),),
    )
    return Reply(shown, card, buttons=((Button(say("Set an alert"), "/alert"), Button(say("Settings"), "/settings")),))


def _by_group(commands: tuple[Command, ...]) -> tuple[tuple[str, tuple[Command, ...]], ...]:
    from handlers.catalogue import GROUPS

    return tuple((heading, tuple(each for each in commands if each in members)) for heading, members in GROUPS)


def _listed(members: tuple[Command, ...]) -> list[str]:
    """Return a line for each command, short enough for a phone; what stands beside a group's default shares one."""
    alone = [each for each in members if len(each.path) == 1 or each.default]
    lines = [f"/{each.path[0]} – {_MORE.split(each.summary)[0]}" for each in alone]
    others: dict[str, list[str]] = {}
    for each in members:
        if each not in alone:
            others.setdefault(each.path[0], []).append(each.path[1])
    return lines + [f"/{group} {', '.join(names)}" for group, names in others.items()]


def _one(request: Request, name: str) -> Reply[tuple[CommandHelp, ...]]:
    wanted = tuple(name.strip().removeprefix("/").lower().split())
    found = [each for each in request.commands if each.path[: len(wanted)] == wanted]
    if not found:
        raise NotFound(say("There is no command /{name}. /help shows them all.", name=name[:40]))
    if len(found) == 1:
        (only,) = found
        card = Card(only.usage, lines=tuple(line for line in (only.summary, *only.details.splitlines()) if line))
    else:
        lines = [line for each in found for line in ("", each.usage, each.summary)]
        card = Card("/" + " ".join(wanted), lines=tuple(lines[1:]))
    return Reply(tuple(CommandHelp(each.usage, each.summary) for each in found), card)


async def about(request: Request) -> Reply[None]:
    """Tell what this is, where the numbers come from, and what it is not."""
    sources = [write.source_name(each.name) for each in request.services.market.health()]
    card = Card(
        say("About Flowbell"),
        lines=(
            say("Prices and alerts in chat. Every number says where it came from and when it was true."),
            "",
            say("A price is the median of the sources that are live. One that is old says STALE."),
            "",
            say("Information, not advice. I do not trade and hold nobody's money."),
            "",
            say("Sources: {sources}.", sources=", ".join(sources)),
        ),
        notes=(say("Open source under the Apache-2.0 licence."),),
    )
    return Reply(None, card, buttons=((Button(say("Status"), "/status"), Button(say("Privacy"), "/privacy")),))


async def privacy(request: Request) -> Reply[None]:
    """Tell what is stored about you, and for how long."""
    lines = (
        say("I store your number on this platform, your settings, your watchlist, your alerts and what they told you."),
        "",
        say("The text of a command is deleted once it is answered. I read no other messages."),
        "",
        say("/export sends you everything I have of yours. /forget deletes it all, at once."),
        "",
        say("Nothing is sold or shared. The operator of this bot can see its store."),
        "",
        say("The operator's figures of how the bot is doing are counts and times of everybody: nothing of yours."),
    )
    buttons = ((Button(say("Export"), "/export"), Button(say("Forget me"), "/forget")),)
    return Reply(None, Card(say("Privacy"), lines=lines), buttons=buttons)


async def status(request: Request) -> Reply[tuple[SourceHealth, ...]]:
    """Show how fresh each source is, and what waits to be sent."""
    services = request.services
    mine = request.caller.preferences
    health = services.market.health()
    rows = [Row((write.source_label(each.name), _health_words(each, request))) for each in health]
    known = {each.name for each in health}
    parts = {name: word for name, word in services.health.words.items() if name not in known}
    rows += [Row((name.capitalize(), word)) for name, word in sorted(parts.items()) if word != say("running")]
    notes = tuple(
        say("{source}: {error}", source=write.source_label(each.name), error=each.last_error)
        for each in health
        if each.last_error is not None and not each.live
    )
    watched = write.number(Decimal(services.alerts_watched), 0, mine.numbers)
    live = [each for each in health if each.live]
    calm = len(live) == len(health)
    card = Card(
        say("All sources are live") if calm else say("Some sources are silent") if live else say("No source is live"),
        table=tuple(rows),
        notes=(*notes, say("Alerts watched: {count}.", count=watched), await _backlog_words(request)),
        source=Provenance("Flowbell", services.clock.now()),
        tone="neutral" if calm else "warning",
    )
    return Reply(health, card, buttons=((Button(say("Refresh"), "/status"),),))


async def _backlog_words(request: Request) -> str:
    try:
        backlog = await request.services.backlog()
    except StoreError:
        return say("Storage does not work at the moment.")
    said = say("Nothing waits to be sent.")
    if backlog.oldest is not None:
        age = times.age(max(request.services.clock.now() - backlog.oldest, timedelta()))
        said = say("Waiting to be sent: {count}, the oldest for {age}.", count=backlog.waiting, age=age)
    return f"{said} {say('Not deliverable: {count}.', count=backlog.parked)}" if backlog.parked else said


def _health_words(each: SourceHealth, request: Request) -> str:
    if each.last_at is None:
        return say("nothing yet")
    age = times.age(max(request.services.clock.now() - each.last_at, timedelta()))
    return say("live, {age} ago", age=age) if each.live else say("silent for {age}", age=age)

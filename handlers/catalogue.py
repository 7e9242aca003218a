"""Every command, one line each: the table of contents."""

from handlers.alerts import alert, delete, edit, list_, pause, restore, resume, show, snooze, tune, undo
from handlers.charting import chart
from handlers.declaration import Command, read
from handlers.market import info, market, movers, top
from handlers.personal import export, forget
from handlers.prices import convert, price
from handlers.settings import settings
from handlers.start import about, help_, privacy, start, status
from handlers.watchlist import add, clear, remove
from handlers.watchlist import list_ as watched
from services.domain.language import say

GROUPS: tuple[tuple[str, tuple[Command, ...]], ...] = (
    (say("Market"), (read(price), read(chart), read(top), read(movers), read(market), read(info), read(convert))),
    (
        say("Alerts"),
        (
            read(alert),
            read(list_, "alerts", default=True),
            read(show, "alerts"),
            read(pause, "alerts"),
            read(resume, "alerts"),
            read(snooze, "alerts"),
            read(edit, "alerts"),
            read(tune, "alerts"),
            read(delete, "alerts"),
            read(restore, "alerts"),
            read(undo, "alerts"),
        ),
    ),
    (
        say("Mine"),
        (
            read(watched, "watch", default=True),
            read(add, "watch"),
            read(remove, "watch"),
            read(clear, "watch"),
            read(settings),
            read(export),
            read(forget),
            read(privacy),
        ),
    ),
    (say("Start"), (read(start), read(help_), read(about), read(status))),
)

COMMANDS: tuple[Command, ...] = tuple(command for _, members in GROUPS for command in members)

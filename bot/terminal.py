"""The terminal: a chat, and one answer for scripts."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from bot.app import App, opened
from bot.platforms.console import Console, ask
from bot.settings import Settings
from services.clock import SystemClock
from services.domain.pacing import UNLIMITED
from services.feed import SourceError


async def chat(settings: Settings) -> None:
    """Chat in the terminal until it ends; alerts appear as they come."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(opened(settings, clock))
        await app.outbox.load()
        await _warm(app)
        console = Console(app.conversation, app.charts, settings.data_dir)
        async with asyncio.TaskGroup() as group:
            app.outbox.register("console", 0, console.sender, UNLIMITED, one_commit=False)
            await app.outbox.take_up("console", 0)
            tasks = app.keep_going(group)
            await console.run()
            await app.outbox.drain(5)
            for task in tasks:
                task.cancel()


async def answer(settings: Settings, line: str, *, as_json: bool, in_memory: bool) -> tuple[int, str, str]:
    """Answer one line: exit status, standard output, standard error."""
    clock = SystemClock()
    async with opened(settings, clock, in_memory=in_memory) as app:
        await _warm(app)
        return await ask(replace(app.conversation, keeps=not in_memory), line, as_json)


async def _warm(app: App) -> None:
    """Ask a made-up market for its prices, which are there at once; live ones come as they are asked for."""
    await app.services.coins.refresh()
    for source in app.sources.prices:
        if source.name != "simulated":
            continue
        try:
            app.services.market.hear(await source.samples(app.services.coins.wanted()))
        except SourceError:
            return

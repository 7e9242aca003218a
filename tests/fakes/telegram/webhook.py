"""Delivery of updates to a webhook: in order, repeated with growing delay until a 2xx."""

import asyncio
from dataclasses import dataclass, field

import aiohttp

from .updates import Entry, Updates

FIRST_DELAY_S = 0.05
MAX_DELAY_S = 2.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(slots=True)
class Hook:
    """Where updates are posted, if anywhere."""

    url: str = ""
    secret: str | None = None
    max_connections: int = 40
    last_error: str | None = None
    last_error_at: int = 0
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    def start(self, updates: Updates) -> None:
        """Begin to post what is pending."""
        self.stop()
        self.task = asyncio.get_running_loop().create_task(_deliver(self, updates))

    def stop(self) -> None:
        """Post nothing more."""
        if self.task is not None:
            self.task.cancel()
            self.task = None


async def _deliver(hook: Hook, updates: Updates) -> None:
    headers = {"Content-Type": "application/json"}
    if hook.secret is not None:
        headers[SECRET_HEADER] = hook.secret
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        delay_s = FIRST_DELAY_S
        while True:
            entry = await updates.oldest()
            if await _accepted(session, hook, entry):
                updates.settle(entry)
                delay_s = FIRST_DELAY_S
            else:
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, MAX_DELAY_S)


async def _accepted(session: aiohttp.ClientSession, hook: Hook, entry: Entry) -> bool:
    hook.attempts += 1
    try:
        async with session.post(hook.url, data=entry.body) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        hook.last_error = f"{type(error).__name__}"
        return False
    hook.statuses.append(status)
    if 200 <= status < 300:
        return True
    hook.last_error = f"Wrong response from the webhook: {status}"
    return False

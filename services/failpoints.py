"""Named places where a test may break us; each is one dictionary look-up unless armed."""

import os
import signal
from collections.abc import Callable

NAMES = (
    "alerts.before_firing",
    "alerts.recording",
    "alerts.recorded",
    "alerts.after_firing",
    "discord.before_channel",
    "discord.after_channel",
    "discord.before_send",
    "discord.after_send",
    "inbox.before_commit",
    "inbox.committing",
    "inbox.after_commit",
    "inbox.before_done",
    "inbox.changed",
    "inbox.after_done",
    "inbox.before_finish",
    "inbox.after_finish",
    "outbox.before_look",
    "outbox.before_intent",
    "outbox.after_intent",
    "outbox.after_send",
    "outbox.after_settle",
    "poll.after_fetch",
    "poll.before_confirm",
    "settling.before",
    "settling.after",
    "start.before_store",
    "start.after_store",
    "start.wired",
    "start.abandoned",
    "start.opened",
    "start.registered",
    "start.taken_up",
    "stop.begun",
    "stop.intake_over",
    "stop.drained",
    "stop.tasks_over",
    "stop.connections_over",
    "stop.market_saved",
    "stop.store_closed",
    "telegram.before_send",
    "telegram.after_send",
    "upkeep.before_save",
    "upkeep.after_save",
    "upkeep.after_purge",
    "writer.before_commit",
    "writer.begun",
    "writer.worked",
    "writer.committed",
    "writer.after_commit",
)
"""One at every commit and every await between a promise and its keeping; a test holds the code against this list."""

_ACTIONS: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit137": lambda: os._exit(137),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
}
_armed: dict[str, tuple[int, str]] = {}


class FailpointError(RuntimeError):
    """What a failpoint armed with `raise` raises."""


def arm(plan: str) -> None:
    """Arm failpoints from `name:occurrence:action[,…]` (kill, exit137, stop, raise); raise ValueError on other text."""
    for part in filter(None, plan.split(",")):
        name, occurrence, action = part.split(":")
        if name not in NAMES or (action not in _ACTIONS and action != "raise"):
            raise ValueError(part)
        _armed[name] = (int(occurrence), action)


def failpoint(name: str) -> None:
    """Do what `name` is armed for at its chosen occurrence, and nothing otherwise."""
    plan = _armed.get(name)
    if plan is None:
        return
    remaining, action = plan
    if remaining > 1:
        _armed[name] = (remaining - 1, action)
        return
    del _armed[name]
    if action == "raise":
        raise FailpointError(name)
    _ACTIONS[action]()

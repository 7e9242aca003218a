"""/alert and /alerts: making, listing and changing alerts, and what an alert says when it fires."""

from handlers.alerts.cards import AlertNow
from handlers.alerts.changing import delete, pause, restore, resume, snooze, undo
from handlers.alerts.editing import edit
from handlers.alerts.firing import fired
from handlers.alerts.listing import list_, show
from handlers.alerts.setting import alert
from handlers.alerts.tuning import tune

__all__ = [
    "AlertNow", "alert", "delete", "edit", "fired", "list_", "pause", "restore", "resume", "show", "snooze", "tune",
    "undo",
]  # fmt: skip

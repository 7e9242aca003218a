"""How the connection to Telegram is, in words, and one log line for every change of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.clock import Clock

log = structlog.get_logger()

STARTING: Final = "starting"
WORKING: Final = "working"
CONFLICT: Final = "another program reads updates with the same token"
WRONG_TOKEN: Final = "the token is wrong"  # noqa: S105  # words about a token, not one
STOPPED: Final = "stopped"


@dataclass(slots=True)
class Health:
    """What is so, and since when."""

    clock: Clock
    words: str = STARTING
    since: datetime | None = None

    @property
    def is_working(self) -> bool:
        """Say whether updates come in."""
        return self.words == WORKING

    def turn(self, words: str) -> None:
        """Note how it is now; the same words twice are no news."""
        if words == self.words:
            return
        self.words, self.since = words, self.clock.now()
        if words in (WORKING, STOPPED):
            log.info("telegram.health", state=words)
        else:
            log.warning("telegram.health", state=words)

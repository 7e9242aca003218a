"""What can be wrong with a store, each with what to do about it."""

from pathlib import Path

from services.domain.language import say
from services.errors import StoreError

__all__ = [
    "AlreadyRunning", "NoFolder", "StoreConflict", "StoreDamaged", "StoreError", "StoreFull", "StoreTooNew",
    "StoreUnavailable",
]  # fmt: skip


class AlreadyRunning(StoreError):
    """Another process holds this store."""

    def __init__(self, where: Path | str) -> None:
        super().__init__(say("Another Flowbell is running on {path}. Stop it first.", path=where))


class StoreFull(StoreError):
    """The disk is full or cannot be written."""

    def __init__(self) -> None:
        super().__init__(say("The disk is full or read-only. Nothing was saved; free some space and try again."))


class StoreDamaged(StoreError):
    """The file is not a sound database; it is never replaced by an empty one."""

    def __init__(self, *, snapshots: bool = False) -> None:
        """Tell of the snapshots only where there are some."""
        super().__init__(
            say("The store is damaged. Restore a snapshot from the folder «snapshots»; nothing was changed.")
            if snapshots
            else say("The store is damaged. Put back a copy of yours, or name another folder; nothing was changed.")
        )


class NoFolder(StoreError):
    """Where the data folder should be there is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            say("{path} is a file. Name a folder for the data, with --data or FLOWBELL_DATA_DIR.", path=path)
        )


class StoreTooNew(StoreError):
    """A newer Flowbell wrote this store."""

    def __init__(self, version: str) -> None:
        super().__init__(
            say(
                "The store is of version {version}, which this Flowbell does not know. Update Flowbell.",
                version=version,
            )
        )


class StoreConflict(StoreError):
    """A row like this exists already, or one that it needs does not: the driver's own words, for the operator."""


class OtherMarket(StoreError):
    """The store's alerts were set on another kind of market: a level chosen on made-up prices must not go live."""

    def __init__(self, kept: str, asked: str) -> None:
        super().__init__(
            say("Its alerts belong to a {kept} market, not a {asked} one. Name another folder.", kept=kept, asked=asked)
        )


class StoreUnavailable(StoreError):
    """Anything else: the driver's own words, for the operator."""

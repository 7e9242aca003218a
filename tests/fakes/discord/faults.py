"""What can go wrong on the way, on purpose."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Status:
    """Answer this instead. With `executed` the request takes effect all the same; HTML is what an edge server sends."""

    status: int
    code: int = 0
    message: str = ""
    html: bool = False
    executed: bool = False


@dataclass(frozen=True, slots=True)
class RateLimited:
    """A 429. Without `via` it looks like a ban by the edge; `shared` ones do not count as invalid."""

    retry_after_s: float
    is_global: bool = False
    shared: bool = False
    via: bool = True


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset: before the request takes effect, or after it (executed, answer lost)."""

    executed: bool


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer until the client gives up."""

    executed: bool


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer comes late; the request takes effect before or after the wait."""

    seconds: float
    executed_first: bool = True


@dataclass(frozen=True, slots=True)
class Garbage:
    """200 with a body that is not what was asked for; the request takes effect."""

    body: bytes = b'{"id":'


Kind: TypeAlias = Status | RateLimited | Reset | Hang | Slow | Garbage


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes the next `times` requests whose method and route fit. The route is a pattern over the route's template
    (`/channels/{channel}/messages`) or its path (`/channels/42/*`)."""

    method: str
    route: str
    kind: Kind
    times: int = 1
    skip: int = 0


@dataclass(slots=True)
class _Armed:
    fault: Fault
    skip: int
    left: int


class Faults:
    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, *faults: Fault) -> None:
        self._armed.extend(_Armed(fault, fault.skip, fault.times) for fault in faults)

    def clear(self) -> None:
        self._armed.clear()

    @property
    def pending(self) -> int:
        """How many strikes are still to come."""
        return sum(armed.left for armed in self._armed)

    def strike(self, method: str, template: str, path: str) -> Kind | None:
        for armed in self._armed:
            if not _fits(armed.fault, method, template, path):
                continue
            if armed.skip > 0:
                armed.skip -= 1
                continue
            armed.left -= 1
            self._armed = [item for item in self._armed if item.left > 0]
            return armed.fault.kind
        return None


def _fits(fault: Fault, method: str, template: str, path: str) -> bool:
    return fault.method in {"*", method} and (fault.route == template or fnmatchcase(path, fault.route))

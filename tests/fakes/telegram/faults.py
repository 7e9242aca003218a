"""Planned faults: which call goes wrong, how, and how often."""

from dataclasses import dataclass

from .model import FaultKind, Refusal

EXECUTED = frozenset(
    {FaultKind.RESET_AFTER, FaultKind.LOST_ANSWER, FaultKind.SLOW, FaultKind.TRUNCATED, FaultKind.GARBAGE}
)
HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` calls of a method (None: any) to a chat (None: any)."""

    kind: FaultKind
    method: str | None = None
    chat: int | None = None
    times: int | None = 1  # None: until cleared
    skip: int = 0  # how many calls that fit go through first
    description: str | None = None  # of a 400 or 403, without its prefix
    retry_after: int = 1
    everywhere: bool = False  # a 429 that bans the whole bot, not only the chat of the call
    status: int = 502
    delay_s: float = 0.1
    executed: bool | None = None  # None: what the kind says

    @property
    def executes(self) -> bool:
        """Whether the call takes effect although its answer is spoiled."""
        return self.kind in EXECUTED if self.executed is None else self.executed

    def refusal(self) -> Refusal | None:
        """The error answer of this fault, None when it is not one."""
        match self.kind:
            case FaultKind.FLOOD:
                parameters: dict[str, object] = {"retry_after": self.retry_after}
                return Refusal(429, f"Too Many Requests: retry after {self.retry_after}", parameters)
            case FaultKind.FORBIDDEN:
                return Refusal(403, f"Forbidden: {self.description or 'bot was blocked by the user'}")
            case FaultKind.BAD_REQUEST:
                return Refusal(400, f"Bad Request: {self.description or 'chat not found'}")
            case _:
                return None

    def html(self) -> str:
        """The page that a proxy answers with."""
        return HTML.format(f"{self.status} {REASONS.get(self.status, 'Error')}")


class Faults:
    """The faults that are still to happen, first added first."""

    def __init__(self) -> None:
        self._plan: list[_Planned] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault."""
        self._plan.append(_Planned(fault, fault.skip, fault.times))

    def clear(self) -> None:
        """Plan nothing more."""
        self._plan.clear()

    @property
    def planned(self) -> tuple[Fault, ...]:
        """What has not happened yet, at least not as often as planned."""
        return tuple(planned.fault for planned in self._plan)

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault for this call, if any; counts it."""
        for planned in self._plan:
            fault = planned.fault
            if fault.method not in (None, method) or fault.chat not in (None, chat_id):
                continue
            if planned.skip > 0:
                planned.skip -= 1
                continue
            if planned.left is not None:
                planned.left -= 1
                if planned.left == 0:
                    self._plan.remove(planned)
            return fault
        return None


@dataclass(slots=True)
class _Planned:
    fault: Fault
    skip: int
    left: int | None

"""The errors tree of "Invalid Form Body": every fault of a body at once, each at its place."""

from collections.abc import Collection
from typing import TypeAlias

from tests.fakes.discord.refusals import RefusalError
from tests.fakes.discord.wire import Json, is_int

Path: TypeAlias = tuple[str | int, ...]
_Tree: TypeAlias = dict[str, Json]


class Form:
    """Collects faults; `close()` raises 50035 if there are any."""

    def __init__(self) -> None:
        self._faults: list[tuple[Path, str, str]] = []

    def fault(self, path: Path, code: str, message: str) -> None:
        self._faults.append((path, code, message))

    def missing(self, path: Path) -> None:
        self.fault(path, "BASE_TYPE_REQUIRED", "This field is required")

    def text(self, path: Path, value: Json, low: int, high: int) -> None:
        """A required text of so many characters."""
        if value is None or value == "":
            if low > 0:
                self.missing(path)
        elif not isinstance(value, str):
            self.fault(path, "BASE_TYPE_BAD_TYPE", "Could not interpret value as string.")
        elif len(value) > high and low == 0:
            self.fault(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        elif not low <= len(value) <= high:
            self.fault(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")

    def optional(self, path: Path, value: Json, high: int) -> None:
        """A text that may be absent."""
        self.text(path, value, 0, high)

    def size(self, path: Path, count: int, low: int, high: int) -> None:
        """The length of a list."""
        if count > high and low == 0:
            self.fault(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        elif not low <= count <= high:
            self.fault(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")

    def choice(self, path: Path, value: Json, allowed: Collection[int]) -> None:
        if value is None:
            self.missing(path)
        elif not is_int(value) or value not in allowed:
            listed = ", ".join(str(item) for item in allowed)
            self.fault(path, "BASE_TYPE_CHOICES", f"Value must be one of ({listed}).")

    def close(self) -> None:
        if self._faults:
            raise RefusalError(400, 50035, "Invalid Form Body", self._tree())

    def _tree(self) -> _Tree:
        root: _Tree = {}
        for path, code, message in self._faults:
            node = root
            for step in path:
                node = _child(node, str(step))
            found = node.setdefault("_errors", [])
            if isinstance(found, list):
                found.append({"code": code, "message": message})
        return root


def _child(node: _Tree, name: str) -> _Tree:
    child = node.setdefault(name, {})
    assert isinstance(child, dict)
    return child

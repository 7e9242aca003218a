"""The two markup languages of the Bot API, refused as the platform refuses them."""

from collections.abc import Sequence
from dataclasses import dataclass

from .entities import utf16_length
from .html_markup import parse_html
from .model import Entity, Refusal, bad_request

MARKERS = {
    "__": ("underline", "Underline"),
    "||": ("spoiler", "Spoiler"),
    "*": ("bold", "Bold"),
    "_": ("italic", "Italic"),
    "~": ("strikethrough", "Strikethrough"),
    "[": ("text_link", "TextUrl"),
}
RESERVED = frozenset("_*[]()~`>#+-=|{}.!")


def formatted(text: str, parse_mode: str | None, entities: Sequence[Entity] | None) -> tuple[str, tuple[Entity, ...]]:
    """The text that people see and its entities; raises Refusal for broken markup."""
    match (parse_mode or "").lower():
        case "":
            return text, tuple(entities or ())
        case "html":
            return parse_html(text)
        case "markdownv2":
            return _Markdown(text).parse()
        case _:
            raise bad_request("unsupported parse_mode")


def _broken(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")


@dataclass(slots=True)
class _Open:
    marker: str
    at_byte: int
    offset: int


class _Markdown:
    """One pass over a MarkdownV2 text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.index = 0
        self.plain: list[str] = []
        self.length = 0
        self.stack: list[_Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, tuple[Entity, ...]]:
        while self.index < len(self.source):
            self._step(self.source[self.index])
        if self.stack:
            top = self.stack[-1]
            raise _broken(f"Can't find end of {MARKERS[top.marker][1]} entity at byte offset {top.at_byte}")
        entities = sorted(self.entities, key=lambda entity: (entity.offset, -entity.length))
        return "".join(self.plain), tuple(entities)

    def _step(self, symbol: str) -> None:
        if symbol == "\\" and self.source[self.index + 1 : self.index + 2].isascii():
            self._write(self.source[self.index + 1 : self.index + 2])
            self.index += 2
        elif symbol == "`":
            self._code("```" if self.source.startswith("```", self.index) else "`")
        elif symbol == "]" and self.stack and self.stack[-1].marker == "[":
            self._link()
        elif symbol == ">" and (self.index == 0 or self.source[self.index - 1] == "\n"):
            self._quote()
        elif (marker := self._marker()) is not None:
            self._toggle(marker)
        elif symbol in RESERVED:
            raise _broken(f"Character '{symbol}' is reserved and must be escaped with the preceding '\\'")
        else:
            self._write(symbol)
            self.index += 1

    def _marker(self) -> str | None:
        return next((marker for marker in MARKERS if self.source.startswith(marker, self.index)), None)

    def _write(self, text: str) -> None:
        self.plain.append(text)
        self.length += utf16_length(text)

    def _byte(self) -> int:
        return len(self.source[: self.index].encode())

    def _toggle(self, marker: str) -> None:
        open_markers = [entry.marker for entry in self.stack]
        if marker in open_markers and open_markers[-1] != marker:
            top = self.stack[-1]
            raise _broken(f"Can't find end of {MARKERS[top.marker][1]} entity at byte offset {top.at_byte}")
        if marker in open_markers:
            opened = self.stack.pop()
            self._add(MARKERS[marker][0], opened.offset)
        else:
            self.stack.append(_Open(marker, self._byte(), self.length))
        self.index += len(marker)

    def _add(self, kind: str, offset: int, url: str | None = None, language: str | None = None) -> None:
        if self.length > offset:
            length = self.length - offset
            self.entities.append(Entity(type=kind, offset=offset, length=length, url=url, language=language))

    def _code(self, fence: str) -> None:
        name = "Pre" if fence == "```" else "Code"
        end = self._unescaped(fence, self.index + len(fence))
        if end < 0:
            raise _broken(f"Can't find end of {name} entity at byte offset {self._byte()}")
        inner = self.source[self.index + len(fence) : end]
        first, newline, rest = inner.partition("\n")
        language = first if name == "Pre" and newline and first and " " not in first else None
        offset = self.length
        self._write(_unescape(rest if language is not None else inner))
        self._add(name.lower(), offset, language=language)
        self.index = end + len(fence)

    def _link(self) -> None:
        opened = self.stack.pop()
        if not self.source.startswith("](", self.index):
            raise _broken("Character ']' is reserved and must be escaped with the preceding '\\'")
        end = self._unescaped(")", self.index + 2)
        if end < 0:
            raise _broken(f"Can't find end of a URL at byte offset {self._byte() + 1}")
        self._add("text_link", opened.offset, url=_unescape(self.source[self.index + 2 : end]))
        self.index = end + 1

    def _quote(self) -> None:
        end = self.source.find("\n", self.index)
        line = self.source[self.index + 1 : end if end >= 0 else len(self.source)]
        text, inner = _Markdown(line).parse()
        offset = self.length
        self._write(text)
        self._add("blockquote", offset)
        moved = (Entity(type=e.type, offset=e.offset + offset, length=e.length, url=e.url) for e in inner)
        self.entities.extend(moved)
        self.index += 1 + len(line)

    def _unescaped(self, wanted: str, start: int) -> int:
        index = start
        while index < len(self.source):
            if self.source.startswith(wanted, index):
                return index
            index += 2 if self.source[index] == "\\" else 1
        return -1


def _unescape(text: str) -> str:
    parts: list[str] = []
    escaped = False
    for symbol in text:
        escaped = symbol == "\\" and not escaped
        if not escaped:
            parts.append(symbol)
    return "".join(parts)

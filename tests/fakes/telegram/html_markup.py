"""HTML as the Bot API reads it."""

import re
from dataclasses import dataclass, field

from .entities import utf16_length
from .model import Entity, Refusal, bad_request

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
TAG = re.compile(r"<(/?)([^\s>/]*)([^>]*)>")
ATTRIBUTE = re.compile(r"""\s*([a-zA-Z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));")
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def _broken(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int


@dataclass(slots=True)
class _Page:
    plain: list[str] = field(default_factory=list)
    length: int = 0
    stack: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)


def parse_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    """The visible text and its entities; raises Refusal for unknown or unbalanced tags."""
    page = _Page()
    index = 0
    while index < len(source):
        begin = source.find("<", index)
        until = begin if begin >= 0 else len(source)
        _write(page, _decode(source[index:until]))
        index = until
        if begin >= 0:
            index = _tag(page, source, begin)
    if page.stack:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{page.stack[-1].tag}"')
    entities = sorted(page.entities, key=lambda entity: (entity.offset, -entity.length))
    return "".join(page.plain), tuple(entities)


def _write(page: _Page, text: str) -> None:
    page.plain.append(text)
    page.length += utf16_length(text)


def _tag(page: _Page, source: str, begin: int) -> int:
    at_byte = len(source[:begin].encode())
    found = TAG.match(source, begin)
    if found is None:
        kind = "end" if source.startswith("</", begin) else "start"
        raise _broken(f"Unclosed {kind} tag at byte offset {at_byte}")
    name = found[2].lower()
    if found[1]:
        _close(page, name, at_byte)
    else:
        _open(page, name, found[3], at_byte)
    return found.end()


def _open(page: _Page, name: str, rest: str, at_byte: int) -> None:
    if name not in TAGS:
        raise _broken(f'Unsupported start tag "{name}" at byte offset {at_byte}')
    attributes = {found[1].lower(): (found[2] or "").strip("\"'") for found in ATTRIBUTE.finditer(rest)}
    if ATTRIBUTE.sub("", rest).strip():
        raise _broken(f'Empty attribute name in the tag "{name}" at byte offset {at_byte}')
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise _broken(f'Tag "span" must have class "tg-spoiler" at byte offset {at_byte}')
    page.stack.append(_Open(name, attributes, page.length))


def _close(page: _Page, name: str, at_byte: int) -> None:
    if not page.stack:
        raise _broken(f"Unexpected end tag at byte offset {at_byte}")
    opened = page.stack.pop()
    if name not in ("", opened.tag):
        raise _broken(f'Unmatched end tag at byte offset {at_byte}, expected "</{opened.tag}>", found "</{name}>"')
    length = page.length - opened.offset
    kind = TAGS[opened.tag]
    if length == 0 or (kind == "text_link" and "href" not in opened.attributes):
        return
    if kind == "blockquote" and "expandable" in opened.attributes:
        kind = "expandable_blockquote"
    page.entities.append(
        Entity(
            type=kind,
            offset=opened.offset,
            length=length,
            url=_decode(opened.attributes["href"]) if kind == "text_link" else None,
            custom_emoji_id=opened.attributes.get("emoji-id"),
        )
    )


def _decode(text: str) -> str:
    return REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    return chr(code) if 0 < code < 0x110000 else found[0]

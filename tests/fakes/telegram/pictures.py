"""Files that the bot sends: uploads, attach:// references and file ids."""

import struct
from typing import Literal

from .model import Refusal, StoredFile, bad_request
from .world import Execution

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES = 50 * 1024 * 1024
MAX_SIDES = 10_000
MAX_RATIO = 20

Kind = Literal["photo", "document"]


def given_file(run: Execution, kind: Kind, field: str, reference: str | None) -> StoredFile:
    """The file that a call names: a part called `field`, `attach://part`, or a known file id."""
    name = reference.removeprefix("attach://") if reference and reference.startswith("attach://") else None
    upload = run.uploads.get(name if name is not None else field)
    if upload is not None:
        return _checked(run, kind, upload.file_name, upload.content)
    if not reference:
        raise bad_request(f"there is no {kind} in the request")
    if name is None and reference.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    stored = run.world.files.get(reference)
    if stored is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if stored.kind != kind:
        raise bad_request(f"can't use file of type {stored.kind.title()} as {kind.title()}")
    return stored


def _checked(run: Execution, kind: Kind, file_name: str, content: bytes) -> StoredFile:
    if not content:
        raise bad_request("file must be non-empty")
    if len(content) > MAX_DOCUMENT_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    width, height = _photo_size(content) if kind == "photo" else (0, 0)
    return StoredFile(kind, run.world.serial("AgACfile"), file_name, content, width, height)


def _photo_size(content: bytes) -> tuple[int, int]:
    if len(content) > MAX_PHOTO_BYTES:
        raise bad_request(f"file of size {len(content)} bytes is too big for a photo; the maximum is {MAX_PHOTO_BYTES}")
    if content.startswith(PNG) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
    elif content.startswith(JPEG):
        width, height = _jpeg_size(content)
    else:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if min(width, height) == 0 or width + height > MAX_SIDES or max(width, height) > MAX_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    index = 2
    while index + 9 <= len(content) and content[index] == 0xFF:
        marker = content[index + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[index + 5 : index + 9])
            return width, height
        index += 2 + int.from_bytes(content[index + 2 : index + 4], "big")
    raise bad_request("IMAGE_PROCESS_FAILED")

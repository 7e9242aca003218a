"""Bodies in, and the ways in which a connection can go wrong."""

import socket
import struct
from email.parser import BytesHeaderParser
from email.policy import HTTP
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from .model import Upload, bad_request

LINGER_ZERO = struct.pack("ii", 1, 0)


async def read_parameters(request: web.BaseRequest) -> tuple[dict[str, object], dict[str, Upload]]:
    """The parameters of a call from its query and body, as received, and its file parts."""
    raw: dict[str, object] = dict(request.query) if request.query_string else {}
    body = await request.content.read() if request.can_read_body else b""
    if not body:
        return raw, {}
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        raw.update(parse_qsl(body.decode(), keep_blank_values=True))
        return raw, {}
    if kind.startswith("application/json"):
        raw.update(_json_object(body))
        return raw, {}
    if kind.startswith("multipart/form-data"):
        return _multipart(raw, kind, body)
    return raw, {}


def _json_object(body: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.MsgspecError:
        raise bad_request("can't parse request JSON object") from None


def _multipart(raw: dict[str, object], kind: str, body: bytes) -> tuple[dict[str, object], dict[str, Upload]]:
    uploads: dict[str, Upload] = {}
    boundary = BytesHeaderParser(policy=HTTP).parsebytes(f"Content-Type: {kind}".encode()).get_param("boundary")
    delimiter = f"\r\n--{boundary}".encode()
    for part in (b"\r\n" + body).split(delimiter)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = BytesHeaderParser(policy=HTTP).parsebytes(head)
        name = str(headers.get_param("name", "", "content-disposition"))
        file_name = headers.get_filename()
        if file_name is None:
            raw[name] = content.decode()
        else:
            uploads[name] = Upload(file_name, headers.get_content_type(), content)
    return raw, uploads


def is_gone(request: web.BaseRequest) -> bool:
    """Whether the client has closed the connection."""
    return request.transport is None or request.transport.is_closing()


def reset(request: web.BaseRequest) -> None:
    """End the connection with RST instead of FIN."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    transport.abort()


def hang_up(request: web.BaseRequest) -> None:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()


def cut_off(request: web.BaseRequest, body: bytes) -> None:
    """Announce a whole body, write half of it and close."""
    transport = request.transport
    if transport is None:
        return
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    transport.write(head.encode() + body[: len(body) // 2])
    transport.close()

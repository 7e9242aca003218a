"""Bodies as they come in: JSON, or files with JSON beside them."""

import aiohttp
import msgspec
from aiohttp import web

from tests.fakes.discord.log import Upload
from tests.fakes.discord.refusals import RefusalError
from tests.fakes.discord.wire import Json, decode


async def read_body(request: web.BaseRequest) -> tuple[Json, tuple[Upload, ...]]:
    """The JSON and the files; refused when the one is not JSON or not declared so."""
    content_type = request.headers.get("Content-Type", "")
    if content_type.startswith("multipart/form-data"):
        return await _read_parts(request)
    raw = await request.read()
    if not raw:
        return None, ()
    if not content_type.startswith("application/json"):
        raise RefusalError(
            400,
            50035,
            "Invalid Form Body",
            {
                "_errors": [
                    {
                        "code": "CONTENT_TYPE_INVALID",
                        "message": "Expected \"Content-Type\" header to be one of {'application/json'}.",
                    }
                ]
            },
        )
    return _parse(raw), ()


def _parse(raw: bytes) -> Json:
    try:
        return decode(raw)
    except msgspec.DecodeError:
        raise RefusalError(400, 50109, "The request body contains invalid JSON.") from None


async def _read_parts(request: web.BaseRequest) -> tuple[Json, tuple[Upload, ...]]:
    body: Json = None
    uploads: list[Upload] = []
    async for part in await request.multipart():
        assert isinstance(part, aiohttp.BodyPartReader)
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = _parse(content)
        else:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            uploads.append(Upload(part.filename or "", kind, content))
    return body, tuple(uploads)

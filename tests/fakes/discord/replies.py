"""Answers as they go out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from tests.fakes.discord.faults import RateLimited
from tests.fakes.discord.routes import Done
from tests.fakes.discord.wire import encode

_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>cloudflare</body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out, and what is noted."""

    status: int | None
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    html: bool = False
    code: int | None = None
    executed: bool = False
    done: Done | None = None
    fault: str = ""
    retry_after: float | None = None


def limited_by_fault(kind: RateLimited) -> Reply:
    """A 429 on purpose."""
    scope = "shared" if kind.shared else "global" if kind.is_global else "user"
    reply = too_many(kind.retry_after_s, scope, {})
    if not kind.via:
        return replace(reply, html=True, headers={"Retry-After": str(math.ceil(kind.retry_after_s))}, fault="ban")
    return replace(reply, fault="shared" if kind.shared else "ratelimited")


def too_many(wait: float, scope: str, headers: Mapping[str, str]) -> Reply:
    """A 429 as the platform writes it: the wait as a float in the body, rounded up in the header."""
    body = encode(
        {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": scope == "global"}
    )
    named = {"Via": "1.1 google", "Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": scope, **headers}
    named |= {"X-RateLimit-Global": "true"} if scope == "global" else {}
    return Reply(429, body, named, code=0, retry_after=wait)


def response(reply: Reply) -> web.Response:
    """JSON answers carry exactly `application/json`, without a charset."""
    status = reply.status or 500
    if reply.html:
        text = _HTML.format(f"{status} error")
        return web.Response(status=status, text=text, content_type="text/html", headers=reply.headers)
    if status == 204:
        return web.Response(status=204, headers=reply.headers)
    return web.Response(status=status, body=reply.body, content_type="application/json", headers=reply.headers)

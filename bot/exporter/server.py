"""/health/live, /health/ready and /metrics. Nothing here is personal or secret, and nothing can be changed."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from bot.exporter.figures import figures
from bot.exporter.metrics import text_of
from bot.readiness import Readiness

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """A server that leaves the signals to the bot."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def api(readiness: Readiness) -> FastAPI:
    """Return the three pages."""
    pages = FastAPI(title="Flowbell", docs_url=None, redoc_url=None, openapi_url=None)

    @pages.get("/health/live")
    async def live() -> JSONResponse:
        return JSONResponse({"live": True})  # an answer is the proof: the loop turns

    @pages.get("/health/ready")
    async def ready() -> JSONResponse:
        wrong = await readiness.wrong()
        return JSONResponse({"ready": not wrong, "wrong": list(wrong)}, status_code=503 if wrong else 200)

    @pages.get("/metrics")
    async def metrics() -> Response:
        return Response(text_of(await figures(readiness)), media_type=CONTENT_TYPE_LATEST)

    return pages


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raise OSError where another process does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(64)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


async def serve(readiness: Readiness, listener: socket.socket) -> None:
    """Answer on `listener` until cancelled."""
    config = uvicorn.Config(
        api(readiness), log_config=None, log_level="warning", access_log=False, lifespan="off", ws="none",
        server_header=False, timeout_keep_alive=5, limit_concurrency=64,
    )  # fmt: skip
    server = _Server(config)
    log.info("health.listening", port=listener.getsockname()[1])
    try:
        await server.serve(sockets=[listener])
    finally:
        for each in getattr(server, "servers", ()):
            each.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        listener.close()

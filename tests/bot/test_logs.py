"""Logs: one readable stream from which no secret can be read, at any level, from whatever library."""

import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx
import pytest
import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot import logs
from bot.logs import Style
from tests.fakes.discord import FakeDiscord
from tests.fakes.telegram import FakeTelegram

TELEGRAM = "7000000009:canary-telegram-secret-AAAAAAAAAAAAAA"
DISCORD = "canaryMTEwMDAwMDAwMDAwMDAw.made-up.discord-canary-for-tests"
PASSWORD = 'canary "quoted" \\ pass/wörd'
SECRETS = (TELEGRAM, DISCORD, PASSWORD)
Read = Callable[[], str]


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Give the process back as it was: the configuration of logs is one for all."""
    root = logging.getLogger()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    levels = {name: logging.getLogger(name).level for name in (*logs.CHATTY, None)}
    raising = logging.raiseExceptions
    kept = tuple(root.handlers)
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    for handler in set(root.handlers) - set(kept):
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def open_log(level: logs.Level = "debug", style: Style = "text") -> Read:
    stream = io.StringIO()
    logs.configure(level, style, SECRETS, stream)
    return stream.getvalue


@pytest.fixture(params=["text", "json"])
def read(request: pytest.FixtureRequest) -> Read:
    return open_log("debug", request.param)


def lose(secret: str) -> None:
    try:
        int(secret)
    except ValueError as cause:
        raise ConnectionError(f"to {secret}") from cause


def test_text_is_one_line_with_time_level_place_and_words() -> None:
    read = open_log()
    structlog.get_logger("services.feed").warning("feed.failed", feed="kraken", reason="no answer: timeout", tries=3)
    line = read()
    assert line.endswith(' WARNING services.feed: feed.failed feed=kraken reason="no answer: timeout" tries=3\n')
    assert line[10] == "T"
    assert line[23] == "Z"


def test_json_is_one_object_a_line() -> None:
    read = open_log("info", "json")
    structlog.get_logger("a").info("b", n=1, x=None, words=("c", TELEGRAM))
    logging.getLogger("old").error("it is %s", "so")
    first, second = (json.loads(line) for line in read().splitlines())
    assert {key: first[key] for key in ("level", "logger", "event", "n", "x", "words")} == {
        "level": "info", "logger": "a", "event": "b", "n": 1, "x": None, "words": ["c", "***"],
    }  # fmt: skip
    assert (second["level"], second["logger"], second["event"]) == ("error", "old", "it is so")


def test_below_its_level_nothing_is_written() -> None:
    read = open_log("warning")
    structlog.get_logger("a").info("no")
    logging.getLogger("a").info("no")
    assert read() == ""


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore", "telegram.Bot", "discord.http", "aiohttp.access", "websockets.client"]
)
def test_libraries_speak_from_warning_on_unless_debugging(name: str) -> None:
    read = open_log("info")
    logging.getLogger(name).info("GET somewhere")
    assert read() == ""
    logging.getLogger(name).warning("odd")
    assert "odd" in read()


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_wherever_it_is(read: Read, secret: str) -> None:
    log = structlog.get_logger("a")
    plain = logging.getLogger("b")
    log.info(
        "said",
        url=f"https://host/bot{secret}/getMe",
        nested={"deep": [{secret: (secret,)}]},
        raw=secret.encode(),
    )
    log.info("formatted %s", secret)
    plain.info("said %s and %r", secret, secret)
    plain.info("in an address %s", quote(secret, safe=""))
    plain.info("in json %s", json.dumps({"token": secret}))
    try:
        lose(secret)
    except ConnectionError as failure:
        log.exception("failed", reason=failure)
        plain.exception("failed")
        plain.error("failed", exc_info=ExceptionGroup(secret, [failure]))
    written = read()
    assert "canary" not in written
    assert "ConnectionError" in written
    assert written.count("***") >= 12


@pytest.mark.parametrize(
    "text",
    [
        "unknown token 123456789:abcdefghijklmnopqrstuvwxyz-canary0 here",
        "https://api/bot123456789%3Aabcdefghijklmnopqrstuvwxyz-canary0/getMe",
        "GET https://api/v3/ping?x_cg_pro_api_key=canary0&page=1",
        "https://host/?a=b&signature=canary0#top",
        "postgresql+asyncpg://bell:canary0@127.0.0.1/bell",
        "Authorization: Bot canary0",
        "[(b'Authorization', b'Bearer canary0')]",
        '{"authorization": "Basic canary0"}',
        "MTEwMDAwMDAwMDAwMDAwMDAwMQ.GcAnAr.canary0canary0canary0canary0canary0",
        "PATCH https://api/v10/webhooks/700000000000000001/canary0canary0canary0-_/messages/@original has returned 200",
        "POST https://api/v10/interactions/700000000000000002/canary0canary0canary0/callback",
        "WebSocket Event: {'t': 'INTERACTION_CREATE', 'd': {'token': 'canary0canary0canary0', 'type': 2}}",
        '"{\\"token\\": \\"canary0canary0canary0\\", \\"type\\": 2}"',
        f"a cut one: {TELEGRAM[:30]}... and {DISCORD[-20:]}",
    ],
)
def test_what_looks_like_a_secret_is_hidden_too(read: Read, text: str) -> None:
    logging.getLogger("a").warning(text)
    assert "canary" not in read()
    assert "***" in read()


def test_ordinary_words_are_left_alone(read: Read) -> None:
    text = "12:30:45 BTC/USD 100000 https://host/v3/klines?symbol=BTCUSDT&interval=1m alert 12 delivery 5000000123"
    logging.getLogger("a").warning(text)
    assert text in read()


def test_control_characters_cannot_make_a_line_or_colour_one(read: Read) -> None:
    hostile = "x\n2026-01-01 ERROR forged\r\x1b[31mred\u202egnp\u2028end"
    structlog.get_logger("a").warning(hostile, reason=hostile, **{hostile: 1})
    structlog.get_logger("a").warning("failed", exc_info=ValueError(hostile))
    written = read()
    assert not {"\r", "\x1b", "\u202e", "\u2028"} & set(written)
    assert not any(line.startswith("2026-01-01 ERROR forged") for line in written.splitlines())


async def test_a_task_that_nobody_watched_is_masked(read: Read) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": TELEGRAM, "exception": RuntimeError(DISCORD)})
    assert "canary" not in read()
    assert "RuntimeError" in read()


def test_warnings_and_threads_are_masked(read: Read) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure("debug", "text", SECRETS, stream := io.StringIO())
        warnings.warn(TELEGRAM, UserWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: int(DISCORD))
    thread.start()
    thread.join()
    assert "UserWarning" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "canary" not in stream.getvalue()


@pytest.mark.process
def test_what_ends_the_process_is_masked() -> None:
    program = (
        "import sys; from bot.logs import configure; secret = sys.stdin.read();"
        "configure('debug', 'text', (secret,)); raise RuntimeError('lost ' + secret)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], input=TELEGRAM, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert "canary" not in ended.stdout + ended.stderr
    assert "RuntimeError: lost ***" in ended.stderr


async def test_telegrams_library_at_debug_leaks_nothing(read: Read) -> None:
    async with FakeTelegram(token=TELEGRAM) as fake, Bot(TELEGRAM, base_url=f"{fake.base_url}/bot") as bot:
        await bot.get_me()
        with pytest.raises(TelegramError):
            await bot.send_message(chat_id=404, text="hello")
    assert "telegram" in read()
    assert "canary" not in read()


async def test_a_http_library_at_debug_leaks_nothing(read: Read) -> None:
    async with FakeDiscord(DISCORD) as fake, httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"{fake.api_base}/users/@me", headers={"authorization": f"Bot {DISCORD}"})
        await client.get(f"{fake.api_base}/users/@me?token={DISCORD}")
    logging.getLogger("discord.http").debug("GET %s has received %s", fake.api_base, {"token": DISCORD})
    assert "httpcore" in read()
    assert "canary" not in read()

"""What stands between this machine and a working bot: one line each, with what to do."""

import asyncio
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median
from typing import Literal

import httpx
import msgspec
from pydantic import SecretStr

from bot.settings import Settings
from bot.upstreams import coin_gecko, exchanges
from services.clock import Clock, SystemClock
from services.counters import Counters
from services.domain.coins import Coin
from services.domain.language import say
from services.feed import PriceSource, SourceError
from services.store.errors import AlreadyRunning, StoreError
from services.store.files import exists, version_of
from services.store.schema import HEAD

DEADLINE_SECONDS = 5.0
_SKEW_SECONDS = 5.0  # an HTTP date is cut to the second, and an answer may take its time
_SOUND_SQLITE = (3, 51, 3)  # mends the rare loss of a page when a log is reset: sqlite.org/wal.html#walresetbug
_SCARCE_BYTES, _NONE_BYTES = 500_000_000, 20_000_000
_BITCOIN = Coin("bitcoin", "BTC", "Bitcoin", 1)

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis; `what_to_do` is empty where nothing is to be done."""

    state: State
    subject: str
    what: str
    what_to_do: str = ""

    @property
    def line(self) -> str:
        """Return it as a terminal shows it."""
        return f"{self.state:<4}  {self.subject}: {self.what} {self.what_to_do}".rstrip()


class _TelegramBot(msgspec.Struct):
    username: str = ""
    can_join_groups: bool = True


class _TelegramAnswer(msgspec.Struct):
    ok: bool
    result: _TelegramBot | None = None


class _DiscordBot(msgspec.Struct):
    username: str


async def diagnose(
    settings: Settings, clock: Clock | None = None, env_file: Path = Path(".env")
) -> tuple[Finding, ...]:
    """Look at everything `flowbell run` needs and change nothing; safe beside a running bot."""
    clock = clock or SystemClock()
    skews: list[float] = []

    async def note(response: httpx.Response) -> None:
        skews.extend(_skew(response.headers.get("date", ""), clock.now()))

    async with httpx.AsyncClient(
        trust_env=False, follow_redirects=False, timeout=DEADLINE_SECONDS, event_hooks={"response": [note]}
    ) as client:
        asked: list[Awaitable[Finding]] = [
            _source(name, source) for name, source in _sources(settings, clock, client).items()
        ]
        asked += [_telegram(settings, client), _discord(settings, client)]
        answered = await asyncio.gather(*asked)
    here = (*_configuration(settings, env_file), *_folder(settings.data_dir), await _store(settings), *_files(settings))
    return (*here, *answered, _clock(skews))


def _configuration(settings: Settings, env_file: Path) -> Iterator[Finding]:
    subject = say("configuration")
    yield Finding("ok", subject, say("Prices come from {sources}.", sources=", ".join(settings.market.sources)))
    if env_file.is_file() and env_file.stat().st_mode & 0o077:
        yield Finding(
            "warn", subject, say("Others on this machine can read {file}.", file=env_file), f"chmod 600 {env_file}"
        )


def _folder(folder: Path) -> Iterator[Finding]:
    subject = say("data folder")
    place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if not place.is_dir():
        yield Finding("fail", subject, say("{path} is a file.", path=place), say("Set FLOWBELL_DATA_DIR to a folder."))
        return
    if not _writable(place):
        what = say("{path} cannot be written.", path=place)
        yield Finding("fail", subject, what, say("Give it to the user who runs Flowbell, or set FLOWBELL_DATA_DIR."))
    elif place != folder.absolute():
        yield Finding("ok", subject, say("{path} will be made at the first start.", path=folder))
    elif stat.S_IMODE(place.stat().st_mode) & 0o077:
        yield Finding(
            "fail", subject, say("Others on this machine can look into {path}.", path=folder), f"chmod 700 {folder}"
        )
    else:
        yield Finding("ok", subject, say("{path} is writable and private.", path=folder))
    yield _space(place)


def _writable(place: Path) -> bool:
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    try:
        tempfile.TemporaryFile(dir=place).close()  # a read-only mount shows only now
    except OSError:
        return False
    return True


def _space(place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    what = say("{megabytes} MB are free.", megabytes=free // 1_000_000)
    state: State = "fail" if free < _NONE_BYTES else "warn" if free < _SCARCE_BYTES else "ok"
    return Finding(
        state, say("disk"), what, "" if state == "ok" else say("Free some space: alerts need it to be kept.")
    )


async def _store(settings: Settings) -> Finding:
    subject = say("store")
    path = settings.store_path
    try:
        if path is None:
            return await _postgres(settings)
        if not await asyncio.to_thread(exists, path):
            found = say("There is none yet; the first start makes it.")
        else:
            found = _version(await asyncio.to_thread(version_of, path))
    except StoreError as failure:
        return Finding("fail", subject, say("The store cannot be used."), str(failure))
    if sqlite3.sqlite_version_info < _SOUND_SQLITE:
        told = say("{found} SQLite is {version}.", found=found, version=sqlite3.sqlite_version)
        advice = say("It works. A Python with SQLite 3.51.3 or later is safer: it mends a rare loss of data.")
        return Finding("warn", subject, told, advice)
    return Finding("ok", subject, found)


def _version(version: str) -> str:
    if version == HEAD:
        return say("It can be opened; its version is {version}.", version=version)
    return say("Its version is {version}, this Flowbell's is {head}.", version=version, head=HEAD)


async def _postgres(settings: Settings) -> Finding:
    from services.store.postgres import open_postgres

    assert settings.database_url is not None
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            store = await open_postgres(settings.database_url.get_secret_value(), Counters())
            await store.close()
    except AlreadyRunning:
        return Finding("ok", say("store"), say("PostgreSQL answers; a Flowbell is running on it."))
    except TimeoutError:
        return Finding("fail", say("store"), say("PostgreSQL does not answer."), say("Check FLOWBELL_DATABASE_URL."))
    return Finding("ok", say("store"), say("PostgreSQL answers."))


def _files(settings: Settings) -> Iterator[Finding]:
    for path in settings.replay.files if "replay" in settings.market.sources else ():
        if os.access(path, os.R_OK) and path.is_file():
            yield Finding("ok", say("replay"), say("{path} can be read.", path=path))
        else:
            yield Finding(
                "fail", say("replay"), say("{path} cannot be read.", path=path), say("Check FLOWBELL_REPLAY__FILES.")
            )


def _sources(settings: Settings, clock: Clock, client: httpx.AsyncClient) -> dict[str, PriceSource]:
    made = {**exchanges(settings, clock, client), "coingecko": coin_gecko(settings, clock, client)}
    return {name: made[name] for name in settings.market.sources if name in made}


async def _source(name: str, source: PriceSource) -> Finding:
    advice = say(
        "Check the network and FLOWBELL_{name}__API_BASE, or leave it out of FLOWBELL_MARKET__SOURCES.",
        name=name.upper(),
    )
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            samples = await source.samples((_BITCOIN,))
    except TimeoutError:
        return Finding(
            "fail", name, say("It does not answer within {seconds} s.", seconds=int(DEADLINE_SECONDS)), advice
        )
    except SourceError as failure:
        return Finding("fail", name, say("It cannot be asked: {reason}.", reason=failure.reason), advice)
    if not any(sample.base == _BITCOIN.id for sample in samples):
        return Finding("warn", name, say("It answers, but gives no price of bitcoin."), advice)
    return Finding("ok", name, say("It answers with prices."))


async def _telegram(settings: Settings, client: httpx.AsyncClient) -> Finding:
    given, key = settings.telegram, "FLOWBELL_TELEGRAM__TOKEN"
    if given.token is None:
        return _off("telegram", key)
    answer = await _ask(client, f"{given.api_base}/bot{given.token.get_secret_value()}/getMe", None)
    if answer is None:
        return _unreachable("telegram", "FLOWBELL_TELEGRAM__API_BASE")
    if answer.status_code in (401, 404):
        return Finding(
            "fail", "telegram", say("The token is refused."), say("Copy it again from @BotFather into {key}.", key=key)
        )
    try:
        bot = msgspec.json.decode(answer.content, type=_TelegramAnswer).result
    except msgspec.DecodeError:
        bot = None
    if bot is None:
        return _unreachable("telegram", "FLOWBELL_TELEGRAM__API_BASE")
    what = say("It answers as @{name}.", name=bot.username)
    if not bot.can_join_groups:
        return Finding(
            "warn", "telegram", what, say("It may not join groups: allow it with /setjoingroups at @BotFather.")
        )
    return Finding("ok", "telegram", what)


async def _discord(settings: Settings, client: httpx.AsyncClient) -> Finding:
    given, key = settings.discord, "FLOWBELL_DISCORD__TOKEN"
    if given.token is None:
        return _off("discord", key)
    answer = await _ask(client, f"{given.api_base}/users/@me", given.token)
    if answer is None:
        return _unreachable("discord", "FLOWBELL_DISCORD__API_BASE")
    if answer.status_code in (401, 403):
        advice = say("Reset it in the developer portal and copy it into {key}.", key=key)
        return Finding("fail", "discord", say("The token is refused."), advice)
    try:
        bot = msgspec.json.decode(answer.content, type=_DiscordBot)
    except msgspec.DecodeError:
        return _unreachable("discord", "FLOWBELL_DISCORD__API_BASE")
    return Finding("ok", "discord", say("It answers as {name}.", name=bot.username))


async def _ask(client: httpx.AsyncClient, url: str, token: SecretStr | None) -> httpx.Response | None:
    # Discord asks for this form of user agent and turns others away.
    headers = {"user-agent": "DiscordBot (flowbell, 1)"}
    if token is not None:
        headers["authorization"] = f"Bot {token.get_secret_value()}"
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await client.get(url, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError):
        return None


def _off(subject: str, key: str) -> Finding:
    return Finding("ok", subject, say("Off: {key} is not set.", key=key))


def _unreachable(subject: str, key: str) -> Finding:
    return Finding(
        "fail", subject, say("It does not answer as it should."), say("Check the network and {key}.", key=key)
    )


def _skew(date: str, now: datetime) -> Iterator[float]:
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return
    yield (now - (told if told.tzinfo is not None else told.replace(tzinfo=UTC))).total_seconds()


def _clock(skews: list[float]) -> Finding:
    subject = say("clock")
    if not skews:
        return Finding("ok", subject, say("Nobody told the time, so it was not compared."))
    off = median(skews)
    if abs(off) <= _SKEW_SECONDS:
        return Finding("ok", subject, say("It agrees with the servers that answered."))
    what = say("It is {seconds} s {way}.", seconds=round(abs(off)), way=say("ahead") if off > 0 else say("behind"))
    return Finding("warn", subject, what, say("Let the machine set its clock by NTP: prices would look too old."))

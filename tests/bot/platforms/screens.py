"""A reply as each chat platform is sent it: the real adapters, and the fakes as judges of what arrives."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from bot.platforms.discord import DiscordBot, render
from bot.platforms.discord.presses import naming
from bot.platforms.discord.rest import Rest
from bot.platforms.telegram import Telegram
from handlers.model import Reply
from services.counters import Counters
from services.domain.deliveries import Sent
from services.domain.people import Place
from tests.bot.platforms.discord import talk as discord_talk
from tests.bot.platforms.telegram import talk as telegram_talk
from tests.fakes.discord import FakeDiscord, Limits
from tests.fakes.discord.tinybot import TOKEN, TRADES, desk
from tests.fakes.discord.wire import JsonObject, as_int, as_list, as_object, as_text, decode
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram.cast import ANN

_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_COLUMNS = 34  # of a fixed-width font on a phone that is 360 points wide
_ROW_CHARACTERS = 14  # of a label with two others beside it on that phone
_FENCED = re.compile(r"^```\n(.*?)\n```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Screen:
    """One message: the words, each row of button labels, and all that was sent as JSON."""

    text: str
    tables: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    payload: str

    @property
    def file(self) -> str:
        """Return it as people review it: what is read, what can be pressed, what was sent."""
        buttons = [" ".join(f"[{label}]" for label in row) for row in self.rows]
        return "\n".join((self.text, *buttons, "", self.payload))


@dataclass
class Screens:
    """Both platforms, each with one chat."""

    telegram: Telegram
    tg: FakeTelegram
    tg_talk: telegram_talk.Talk
    discord: DiscordBot
    dc: FakeDiscord
    dc_talk: discord_talk.Talk
    rest: Rest
    _sent: int = field(default=0)

    async def on_telegram(self, reply: Reply[object], *, repeat: bool = False) -> list[Screen]:
        """Send a reply and return the messages that arrived."""
        self.tg_talk.buttons.clear()
        since = len(self.tg.log)
        owed = discord_talk.owe(Place("telegram", 7000000001, ANN.id), key=self._key(), private=True, at=_AT)
        assert isinstance(await self.telegram.sender.send(owed, reply, repeat=repeat), Sent)
        assert not self.tg.violations
        return [
            _on_telegram(call.method, as_object(decode(msgspec.json.encode(call.params))))
            for call in self.tg.log[since:]
        ]

    async def on_discord(self, reply: Reply[object]) -> list[Screen]:
        """Show an answer and return the messages that arrived."""
        self.dc_talk.buttons.clear()
        since = len(self.dc.sent(TRADES))
        rows = render.rows(
            await self.dc_talk.offer(reply, None, 1), reply, naming(self.dc_talk.dispatch, in_place=True)
        )
        for draft in await render.drafts(reply, discord_talk.Easel(), render.Extras(rows)):
            answer = await self.rest.call("POST", f"/channels/{TRADES}/messages", draft.message, png=draft.png)
            assert answer.ok, answer.body
        return self._on_discord_since(since)

    async def told_on_discord(self, reply: Reply[object], *, repeat: bool = False) -> list[Screen]:
        """Deliver an alert and return the messages that arrived."""
        self.dc_talk.buttons.clear()
        since = len(self.dc.sent(TRADES))
        place = Place("discord", self.dc.world.application_id, TRADES)
        owed = discord_talk.owe(place, key=self._key(), at=_AT)
        assert isinstance(await self.discord.sender.send(owed, reply, repeat=repeat), Sent)
        return self._on_discord_since(since)

    def _on_discord_since(self, since: int) -> list[Screen]:
        return [_on_discord(call.payload) for call in self.dc.sent(TRADES)[since:]]

    def _key(self) -> str:
        self._sent += 1
        return f"card {self._sent}"


def _on_telegram(method: str, params: JsonObject) -> Screen:
    text = str(params.get("text", params.get("caption")))
    entities = [as_object(each) for each in as_list(params.get("entities", params.get("caption_entities")) or [])]
    assert "parse_mode" not in params
    assert len(text.encode("utf-16-le")) // 2 <= (4096 if "text" in params else 1024)
    stretches = list(_stretches(text, entities))
    markup = as_object(params.get("reply_markup") or {})
    rows = [[as_object(button) for button in as_list(row)] for row in as_list(markup.get("inline_keyboard") or [])]
    assert all(len(as_text(button["callback_data"]).encode()) <= 64 for row in rows for button in row)
    labels = tuple(tuple(as_text(button["text"]) for button in row) for row in rows)
    tables = tuple(words for kind, words in stretches if kind == "pre")
    kept = {"method": method, **{name: value for name, value in params.items() if name != "photo"}}
    return _checked(Screen(text, tables, labels, _written(kept)))


def _stretches(text: str, entities: list[JsonObject]) -> Iterator[tuple[object, str]]:
    """Return what each entity covers; they are in order, lie within the text and break no symbol."""
    units, reached = text.encode("utf-16-le"), 0
    for entity in entities:
        offset, length = as_int(entity["offset"]), as_int(entity["length"])
        assert reached <= offset
        reached = offset + length
        assert length > 0
        assert 2 * reached <= len(units)
        covered = units[2 * offset : 2 * reached].decode("utf-16-le")
        assert covered == covered.strip("\n")
        yield entity["type"], covered


def _on_discord(payload: JsonObject) -> Screen:
    assert payload["allowed_mentions"] == {"parse": []}
    (embed,) = [as_object(each) for each in as_list(payload["embeds"])]
    title, description = str(embed.get("title", "")), str(embed.get("description", ""))
    assert len(title) <= 256
    assert len(description) <= 4096
    rows = [as_list(as_object(row)["components"]) for row in as_list(payload["components"])]
    assert len(rows) <= 5
    assert all(1 <= len(row) <= 5 for row in rows)
    buttons = [[as_object(button) for button in row] for row in rows]
    assert all(len(as_text(button["custom_id"])) <= 100 for row in buttons for button in row)
    labels = tuple(tuple(as_text(button["label"]) for button in row) for row in buttons)
    kept = {name: value for name, value in payload.items() if name not in ("nonce", "enforce_nonce")}
    tables = tuple(_FENCED.findall(description))
    return _checked(Screen(f"# {title}\n{description}", tables, labels, _written(_without_tags(kept))))


def _without_tags(payload: JsonObject) -> JsonObject:
    """Return a payload without what makes each delivery different from the next."""
    text = json.dumps(payload)
    return as_object(decode(re.sub(r'("custom_id": "..)[a-z2-7]*\.v1', r"\1.v1", text)))


def _checked(screen: Screen) -> Screen:
    assert all(len(line) <= _COLUMNS for table in screen.tables for line in table.splitlines())
    wide = [row for row in screen.rows if len(row) >= 3 and max(map(len, row)) > _ROW_CHARACTERS]
    assert not wide
    return screen


def _written(payload: object) -> str:
    return json.dumps(payload, indent=1, ensure_ascii=False)


@asynccontextmanager
async def screens() -> AsyncIterator[Screens]:
    """Two adapters that can send and do not listen."""
    clock = discord_talk.QuickClock()
    async with FakeTelegram() as tg, desk(replace(Limits().unpaced(), nonce_window_s=300.0)) as dc:
        tg.world.meet(ANN, ANN.private_chat)
        tg_talk, dc_talk = telegram_talk.Talk(tg), discord_talk.Talk(clock)
        patient = telegram_talk.PatientClock()
        telegram = Telegram(tg_talk, telegram_talk.Painter(), patient, Counters(), tg.token, tg.base_url)
        discord = DiscordBot(dc_talk, discord_talk.Easel(), clock, Counters(), TOKEN, dc.api_base, dc.gateway_url)
        await telegram.open()
        await discord.open()
        dc_talk.sender = discord.sender
        rest = Rest(TOKEN, dc.api_base)
        yield Screens(telegram, tg, tg_talk, discord, dc, dc_talk, rest)
        await rest.close()
        await discord.close()
        await telegram.close()

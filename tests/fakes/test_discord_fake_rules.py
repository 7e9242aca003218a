"""The fake's rules, asked without the library: what the platform refuses, with its status, number and place."""

import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.discord import FakeDiscord, Limits, Rate
from tests.fakes.discord.driving import exchange
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_object, decode

TOKEN = "MTEwMDAwMDAwMDAwMDAwMDAwMQ.made-up.token-for-tests"
BOB, DESK, TRADES, NEWS = 502, 601, 701, 702
CHOICES: list[Json] = [{"name": "n" * 5, "value": f"{number:05}"} for number in range(25)]


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(TOKEN, limits=Limits().unpaced()) as dc:
        dc.add_guild(DESK, channels=[TRADES, NEWS], members=[])
        yield dc


async def raw(fake: FakeDiscord, method: str, path: str, body: Json = None) -> tuple[int, int]:
    """Status and error code."""
    status, found = await exchange(fake, method, path, body)
    return status, as_int(found.get("code"))


def option(**changes: Json) -> JsonObject:
    return {"name": "coin", "description": "Coin", "type": 3, **changes}


def command(**changes: Json) -> JsonObject:
    return {"name": "price", "description": "Price", "type": 1, **changes}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (command(name="Price"), "0.name"),
        (command(name="a b"), "0.name"),
        (command(name="x" * 33), "0.name"),
        (command(description=""), "0.description"),
        (command(description="x" * 101), "0.description"),
        (command(options=[option(name=f"o{number}") for number in range(26)]), "0.options"),
        (command(options=[option(), option(name="b", required=True)]), "0.options"),
        (command(options=[option(choices=[{"name": "n", "value": 1}])]), "0.options.0.choices.0.value"),
        (
            command(options=[option(choices=[{"name": "n", "value": "n"}], autocomplete=True)]),
            "0.options.0.autocomplete",
        ),
        (command(options=[option(), option(type=1, name="sub")]), "0.options"),
        (command(options=[option(type=2, options=[option(type=2)])]), "0.options.0.options.0.type"),
        (command(options=[option(type=1, options=[option(type=1)])]), "0.options.0.options.0.type"),
        (command(contexts=[3]), "0.contexts.0"),
        (command(integration_types=[2]), "0.integration_types.0"),
        (command(options=[option(name=f"o{n}", description="d" * 100, choices=CHOICES) for n in range(25)]), "0"),
        (command(type=2, name="Menu"), "0.description"),
    ],
)
async def test_commands_are_refused_with_the_place(fake: FakeDiscord, body: Json, place: str) -> None:
    path = f"/applications/{fake.world.application_id}/commands"
    status, refusal = await exchange(fake, "PUT", path, [body])
    assert (status, refusal["code"]) == (400, 50035)
    node = as_object(refusal["errors"])
    for step in place.split("."):
        node = as_object(node[step])
    assert node["_errors"]
    assert fake.registered() == ()


async def test_commands_keep_their_ids_and_their_number_is_limited(fake: FakeDiscord) -> None:
    path = f"/applications/{fake.world.application_id}/commands"
    assert await raw(fake, "PUT", path, [command(name=f"c{number}") for number in range(100)]) == (200, 0)
    first = fake.registered()[0].id
    assert await raw(fake, "POST", path, command(name="c0", description="New")) == (200, 0)
    assert await raw(fake, "PUT", path, [command(name=f"c{number}") for number in range(101)]) == (400, 30032)
    assert await raw(fake, "POST", path, command(name="c100")) == (400, 30032)
    assert (fake.registered()[0].id, fake.registered()[0].body["description"]) == (first, "New")
    assert await raw(fake, "DELETE", f"{path}/{first}") == (204, 0)
    assert await raw(fake, "GET", f"{path}/{first}") == (404, 10063)


def button(**changes: Json) -> JsonObject:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go", **changes}


def row(*parts: Json) -> JsonObject:
    return {"type": 1, "components": list(parts)}


@pytest.mark.parametrize(
    "body",
    [
        {"components": [row(*(button(custom_id=str(number)) for number in range(6)))]},
        {"components": [row(button(custom_id=str(number))) for number in range(6)]},
        {"components": [row(button(), button())]},
        {"components": [row(button(label="x" * 81))]},
        {"components": [row(button(custom_id="x" * 101))]},
        {"components": [row(button(style=5))]},
        {"components": [button()]},
        {"components": [row({"type": 3, "custom_id": "menu", "options": []})]},
        {"content": "hi", "flags": 32768, "components": [{"type": 10, "content": "x"}]},
        {"flags": 32768, "components": [{"type": 10, "content": "x" * 4001}]},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"title": "t", "fields": [{"name": "n", "value": ""}]}]},
        {"embeds": [{"title": "t", "fields": [{"name": "n", "value": "v"}] * 26}]},
        {"embeds": [{"title": "t"}] * 11},
        {"embeds": [{"title": "t", "image": {"url": "chart.png"}}]},
        {"content": "hi", "nonce": "x" * 26},
        {"content": "hi", "allowed_mentions": {"parse": ["all"]}},
    ],
)
async def test_messages_against_the_form(fake: FakeDiscord, body: JsonObject) -> None:
    assert await raw(fake, "POST", f"/channels/{TRADES}/messages", body) == (400, 50035)
    assert fake.messages(TRADES) == ()


async def test_a_layout_needs_no_content(fake: FakeDiscord) -> None:
    panel: JsonObject = {"type": 17, "components": [{"type": 10, "content": "## Flows"}, row(button())]}
    body: JsonObject = {"flags": 32768, "components": [panel]}
    assert await raw(fake, "POST", f"/channels/{TRADES}/messages", body) == (200, 0)
    assert (fake.messages(TRADES)[0].text, fake.messages(TRADES)[0].buttons) == ("## Flows", ("Go",))


async def test_sends_beyond_the_limit_are_refused_and_judged() -> None:
    async with FakeDiscord(TOKEN, limits=Limits(channel_rate=Rate(2, 60), global_rate=None)) as strict:
        strict.add_guild(DESK, channels=[TRADES, NEWS], members=[])
        path = f"/channels/{TRADES}/messages"
        answers = [await raw(strict, "POST", path, {"content": "hi"}) for _ in range(4)]
        assert [status for status, _ in answers] == [200, 200, 429, 429]
        assert [call.too_early for call in strict.log.calls("POST")] == [False, False, False, True]
        assert (await raw(strict, "POST", f"/channels/{NEWS}/messages", {"content": "hi"}))[0] == 200
        assert strict.invalid_requests() == 2
        strict.clock.advance(60)
        assert (await raw(strict, "POST", path, {"content": "hi"}))[0] == 200


async def test_all_requests_together_are_limited_but_not_interactions() -> None:
    async with FakeDiscord(TOKEN, limits=Limits(global_rate=Rate(3, 60))) as strict:
        answers = [await raw(strict, "GET", "/users/@me") for _ in range(4)]
        assert [status for status, _ in answers] == [200, 200, 200, 429]
        assert await raw(strict, "POST", "/interactions/1/t/callback", {"type": 5}) == (404, 10062)


async def test_too_many_invalid_requests_are_a_ban_without_words() -> None:
    async with FakeDiscord(TOKEN, limits=Limits(invalid_per_10_min=2)) as strict:
        user = strict.add_user(BOB, "bob", dm_open=False)
        path = f"/channels/{strict.dm_channel(user.id)}/messages"
        answers = [(await raw(strict, "POST", path, {"content": "hi"}))[0] for _ in range(2)]
        async with aiohttp.ClientSession() as session, session.get(f"{strict.api_base}/users/@me") as banned:
            assert (banned.status, banned.content_type, banned.headers.get("Via")) == (429, "text/html", None)
        assert answers == [403, 403]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 1}}, 4004),
        ({"op": 2, "d": {"token": TOKEN}}, 4013),
        ({"op": 2, "d": {"token": TOKEN, "intents": 1 << 1}}, 4014),
        ({"op": 2, "d": {"token": TOKEN, "intents": 1, "shard": [1, 1]}}, 4010),
        ({"op": 3, "d": {}}, 4003),
        ({"op": 99, "d": {}}, 4001),
        ({"op": 1, "d": "x" * 4100}, 4002),
    ],
)
async def test_the_gateway_hangs_up_with_its_code(fake: FakeDiscord, payload: JsonObject, code: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{fake.gateway_url}?v=10&encoding=json") as ws:
        assert (await ws.receive_json(timeout=5))["op"] == 10
        await ws.send_json(payload)
        closed = await ws.receive(timeout=5)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, code)


async def test_a_thousand_identifies_cost_the_token() -> None:
    async with FakeDiscord(TOKEN, limits=Limits(identifies_per_day=1)) as strict:
        hello = {"op": 2, "d": {"token": TOKEN, "intents": 1}}
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.ws_connect(f"{strict.gateway_url}?v=10") as ws:
                    await ws.send_json(hello)
                    await ws.receive(timeout=5)
                    await ws.receive(timeout=5)
        assert await raw(strict, "GET", "/users/@me") == (401, 0)


async def test_json_answers_have_no_charset(fake: FakeDiscord) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{fake.api_base}/gateway") as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert await answer.json() == {"url": fake.gateway_url}


async def test_a_bot_without_a_user_agent_or_a_token_is_turned_away(fake: FakeDiscord) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{fake.api_base}/users/@me") as nobody:
            assert nobody.status == 401
        async with session.get(f"{fake.api_base}/users/@me", headers={"Authorization": f"Bot {TOKEN}"}) as nameless:
            assert nameless.status == 403


async def test_no_such_route(fake: FakeDiscord) -> None:
    assert await raw(fake, "GET", "/nothing/here") == (404, 0)
    assert [call.route for call in fake.log.calls()] == [""]


async def test_a_compressed_gateway_flushes_each_message(fake: FakeDiscord) -> None:
    inflate = zlib.decompressobj()
    address = f"{fake.gateway_url}?v=10&encoding=json&compress=zlib-stream"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as ws:
        packed = await ws.receive_bytes(timeout=5)
        assert packed.endswith(b"\x00\x00\xff\xff")
        assert as_object(decode(inflate.decompress(packed)))["op"] == 10
        await ws.send_json({"op": 1, "d": None})
        assert as_object(decode(inflate.decompress(await ws.receive_bytes(timeout=5))))["op"] == 11


@pytest.mark.parametrize(("seq", "op"), [(2, 0), (99, 9), (-1, 9), (None, 9)])
async def test_only_a_number_that_was_sent_is_resumed(fake: FakeDiscord, seq: int | None, op: int) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{fake.gateway_url}?v=10") as ws:
            await ws.send_json({"op": 2, "d": {"token": TOKEN, "intents": 1}})
            events = [await ws.receive_json(timeout=5) for _ in range(3)]
            assert [(event["op"], event["s"], event["t"]) for event in events[1:]] == [
                (0, 1, "READY"),
                (0, 2, "GUILD_CREATE"),
            ]
            await ws.close(code=4000)
        resume = {"token": TOKEN, "session_id": events[1]["d"]["session_id"], "seq": seq}
        async with session.ws_connect(f"{events[1]['d']['resume_gateway_url']}?v=10") as ws:
            await ws.send_json({"op": 6, "d": resume})
            answers = [await ws.receive_json(timeout=5) for _ in range(2)]
            assert answers[1]["op"] == op


async def test_heartbeats_are_answered_until_they_are_not(fake: FakeDiscord) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{fake.gateway_url}?v=10") as ws:
        assert (await ws.receive_json(timeout=5))["op"] == 10
        await ws.send_json({"op": 1, "d": None})
        assert (await ws.receive_json(timeout=5))["op"] == 11
        fake.gateway.acks_heartbeats = False
        await ws.send_json({"op": 1, "d": None})
        await fake.until(lambda: len(fake.log.frames(1)) == 2)
        fake.gateway.reconnect()
        assert (await ws.receive_json(timeout=5))["op"] == 7

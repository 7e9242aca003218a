"""The fake as a process of its own, for benchmarks: `python -m tests.fakes.discord --port 0 --token T`."""

import argparse
import asyncio
import signal
from collections import Counter
from collections.abc import Mapping

import msgspec
from aiohttp import web

from tests.fakes.discord.inputs import Value
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.refusals import ScriptError
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.wire import Json, JsonObject, encode

FIRST_USER, GUILD, FIRST_CHANNEL = 1_000, 2_000, 3_000


class SlashOrder(msgspec.Struct):
    """Send a command so many times, by the users in turn; `per_second` 0 sends all at once."""

    line: str
    options: dict[str, str | int | float | bool] = {}
    count: int = 1
    per_second: float = 0.0
    channel_id: int | None = None


class Standalone(FakeDiscord):
    """The fake with controls over HTTP."""

    async def other(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            answer = await self._control(request)
        except (ScriptError, msgspec.DecodeError) as wrong:
            return web.Response(status=400, text=str(wrong))
        return web.Response(body=encode(answer), content_type="application/json")

    async def _control(self, request: web.BaseRequest) -> Json:
        match request.method, request.path:
            case "GET", "/_log":
                return counts(self)
            case "GET", "/_log/entries":
                since = int(request.query.get("since", "0"))
                entries: Json = msgspec.to_builtins(list(self.log)[since:], enc_hook=str)
                return entries
            case "POST", "/_control/slash":
                return await self._inject(msgspec.json.decode(await request.read(), type=SlashOrder))
            case "POST", "/_control/drop":
                self.drop()
                return {}
            case _:
                raise ScriptError(f"There is no {request.method} {request.path}.")

    async def _inject(self, order: SlashOrder) -> JsonObject:
        users = [user.id for user in self.world.users.values() if not user.bot]
        options: Mapping[str, Value] = dict(order.options)
        sent: list[str] = []
        for number in range(order.count):
            user_id = users[number % len(users)]
            interaction = await self.slash(user_id, order.line, options, channel_id=order.channel_id)
            sent.append(str(interaction.id))
            if order.per_second or number % 100 == 99:
                await asyncio.sleep(1 / order.per_second if order.per_second else 0)
        return {"interactions": sent}


def counts(fake: FakeDiscord) -> JsonObject:
    """What the judge counted so far; delays in seconds from a person's action to the first answer and to its words."""
    calls = fake.log.calls()
    by_route = Counter(f"{call.method} {call.route or call.path} {call.status}" for call in calls)
    interactions = fake.interactions()
    return {
        "entries": len(fake.log),
        "calls": dict(by_route),
        "sent": len(fake.sent()),
        "deduplicated": sum(call.deduplicated for call in calls),
        "pinged": sum(call.pinged for call in calls),
        "too_early": sum(call.too_early for call in calls),
        "invalid_requests": fake.invalid_requests(),
        "identifies": fake.identifies_today(),
        "ready_sessions": fake.gateway.ready_sessions,
        "commands": len(fake.registered()),
        "interactions": len(interactions),
        "acknowledged": sum(item.acknowledged is not None for item in interactions),
        "first_answer_s": sorted(delay for item in interactions for delay in _first(item)),
        "answer_s": sorted(delay for item in interactions for delay in _worded(item)),
    }


def _first(interaction: Interaction) -> list[float]:
    return [response.after_s for response in interaction.responses[:1]]


def _worded(interaction: Interaction) -> list[float]:
    found = [item.after_s for item in interaction.responses if item.message is not None and not item.message.loading]
    return found[:1]


async def run(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the addresses first."""
    limits = Limits() if arguments.paced else Limits().unpaced()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Standalone(arguments.token, limits=limits, port=arguments.port) as fake:
        users = [fake.add_user(FIRST_USER + number, f"user{number}").id for number in range(arguments.users)]
        channels = [FIRST_CHANNEL + number for number in range(arguments.channels)]
        fake.add_guild(GUILD, channels=channels, members=users)
        addresses: JsonObject = {
            "api_base": fake.api_base,
            "gateway_url": fake.gateway_url,
            "control": fake.world.cdn,
            "application_id": str(fake.world.application_id),
            "users": [str(user) for user in users],
            "channels": [str(channel) for channel in channels],
        }
        print(encode(addresses).decode(), flush=True)  # noqa: T201 (the line is the interface)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", required=True)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--channels", type=int, default=5)
    parser.add_argument("--paced", action="store_true", help="enforce the platform's request rates")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()

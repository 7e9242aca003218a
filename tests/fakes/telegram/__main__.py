"""`python -m tests.fakes.telegram --port N --token T`: the fake as a process of its own."""

import argparse
import asyncio
import signal
import sys

import msgspec

from . import TOKEN, FakeTelegram, Limits


async def serve(port: int, token: str, *, limited: bool) -> None:
    """Serve until SIGTERM or SIGINT; the first line of output says where."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with FakeTelegram(token, limits=Limits() if limited else None, port=port) as telegram:
        place = {"port": telegram.port, "base_url": telegram.base_url, "token": token}
        sys.stdout.write(msgspec.json.encode(place).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.telegram")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--limits", action="store_true", help="enforce the sending limits")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.token, limited=given.limits))


if __name__ == "__main__":
    main()

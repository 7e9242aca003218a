"""`python -m tests.benchmarks.bare_client ADDRESS FIRST COUNT LENGTH AT_ONCE`: only sends, nothing else."""

import asyncio
import sys
from collections.abc import Iterator

import aiohttp
import msgspec


async def main(address: str, first: int, count: int, length: int, at_once: int) -> None:
    """Post one message of this length to each of `count` people, so many at once."""
    people = iter(range(first, first + count))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def post_all(mine: Iterator[int]) -> None:
            for person in mine:
                body = msgspec.json.encode({"chat_id": person, "text": "x" * length})
                headers = {"Content-Type": "application/json"}
                async with session.post(f"{address}/sendMessage", data=body, headers=headers) as answer:
                    msgspec.json.decode(await answer.read())

        await asyncio.gather(*(post_all(people) for _ in range(at_once)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:6])))

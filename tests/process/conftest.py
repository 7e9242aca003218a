"""The outside world and the bot in it; at the end of the session everything written is searched for the tokens."""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.process import harness
from tests.process.harness import Fakes, Flowbell, Launcher


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for all that the tests collect; no token may be in it when they are over."""
    folder = tmp_path_factory.mktemp("evidence")
    yield folder
    assert harness.leaks(folder) == []


@pytest.fixture
async def outside() -> AsyncIterator[Fakes]:
    async with harness.fakes() as running:
        yield running


@pytest.fixture
async def launcher(outside: Fakes, evidence: Path, request: pytest.FixtureRequest) -> AsyncIterator[Launcher]:
    """Make bots; each has a data folder of its own unless told to use another's."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    numbers = itertools.count(1)
    async with AsyncExitStack() as stack:

        def make(folder: Path | None = None, **settings: str) -> Flowbell:
            if folder is None:
                folder = evidence / f"{name}-{next(numbers)}"
                folder.mkdir()
            given = harness.addresses(outside) | harness.TOKENS | settings
            bot = Flowbell(outside, folder, {key: value for key, value in given.items() if value})
            stack.push_async_callback(bot.clean_up)
            return bot

        yield make
    (evidence / f"{name}-fakes.log").write_text(outside.logs())


@pytest.fixture
async def bot(launcher: Launcher) -> Flowbell:
    """A running bot on both platforms, with its pacing off."""
    made = launcher(**harness.UNPACED)
    await made.start()
    return made

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.fakes.exchanges import FakeExchanges
from tests.fakes.exchanges.clock import EagerClock, HandClock
from tests.fakes.exchanges.market import Market


@pytest.fixture
def clock() -> EagerClock:
    """A clock by which nobody waits."""
    return EagerClock()


@pytest.fixture
def hand_clock() -> HandClock:
    """A clock that only the test moves."""
    return HandClock()


@pytest.fixture
async def exchanges(clock: EagerClock) -> AsyncIterator[FakeExchanges]:
    async with FakeExchanges(Market(now=clock.now)) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as shared:
        yield shared

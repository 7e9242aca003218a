import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from services.clock import FixedClock
from services.counters import Counters
from services.store.open import FILE, open_store
from services.tx import Store
from tests.services.store.samples import NOW

_SERVER = "postgresql+asyncpg://postgres@127.0.0.1:5432"
_DATABASE = f"flowbell_test_{os.getpid()}"


def _apart(work: Coroutine[None, None, None]) -> None:
    # Fixtures of a whole session have no event loop of their own.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _ask_server(database: str, *statements: str) -> None:
    engine = create_async_engine(f"{_SERVER}/{database}", isolation_level="AUTOCOMMIT", connect_args={"timeout": 2})
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    try:
        _apart(_ask_server("postgres", f"DROP DATABASE IF EXISTS {_DATABASE}", f"CREATE DATABASE {_DATABASE}"))
    except (OSError, TimeoutError, DBAPIError) as failure:
        pytest.skip(f"no PostgreSQL answers on 127.0.0.1:5432 ({type(failure).__name__})")
    yield _DATABASE
    _apart(_ask_server("postgres", f"DROP DATABASE {_DATABASE} WITH (FORCE)"))


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """An empty database of this test's own."""
    _apart(_ask_server(postgres_database, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"))
    return f"{_SERVER}/{postgres_database}"


@pytest.fixture
def sqlite_url(data_dir: Path) -> str:
    return f"sqlite:///{data_dir / FILE}"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, of each kind."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
async def store(url: str, data_dir: Path, counters: Counters) -> AsyncIterator[Store]:
    """A new store of each kind."""
    opened = await open_store(url, data_dir, counters, FixedClock(NOW))
    yield opened
    await opened.close()


@pytest.fixture
async def file_store(sqlite_url: str, data_dir: Path, counters: Counters) -> AsyncIterator[Store]:
    """A new store in a file."""
    opened = await open_store(sqlite_url, data_dir, counters, FixedClock(NOW))
    yield opened
    await opened.close()

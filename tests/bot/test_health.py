"""Health over HTTP, asked as an operator's tools ask: the real server, and each thing that can be wrong made wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from bot.exporter import listening
from services.domain.deliveries import Parked, Unknown
from services.store.errors import StoreUnavailable
from services.tx import Store, Tx
from tests.bot.overseen import overseen
from tests.stage import ANN
from tests.world import expect

T = TypeVar("T")


def families(text: str) -> dict[str, Metric]:
    return {each.name: each for each in text_string_to_metric_families(text)}


def value(told: dict[str, Metric], name: str, **labels: str) -> float:
    (only,) = [
        sample.value for each in told.values() for sample in each.samples
        if sample.name == name and sample.labels == labels
    ]  # fmt: skip
    return only


class SilentStore:
    """A store that no longer reads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, work: Callable[[Tx], T]) -> T:
        raise StoreUnavailable(f"no {work}")

    async def write(self, work: Callable[[Tx], T]) -> T:
        return await self._store.write(work)

    async def shred(self) -> None:
        await self._store.shred()

    async def close(self) -> None:
        await self._store.close()


async def test_all_is_well() -> None:
    async with overseen() as seen:
        live = await seen.http.get("/health/live")
        assert (live.status_code, live.json()) == (200, {"live": True})
        assert await seen.wrong() == []


async def test_stopping_is_told_first_of_all() -> None:
    async with overseen() as seen:
        seen.readiness.is_stopping = True
        assert await seen.wrong() == ["The process is stopping."]
        assert (await seen.http.get("/health/live")).status_code == 200


async def test_silent_sources_and_their_return() -> None:
    async with overseen() as seen:
        seen.world.exchanges[0].prices.clear()
        await seen.say_at(120)
        assert await seen.wrong() == ["No source of prices is live: binance."]
        seen.world.exchanges[0].prices["bitcoin"] = Decimal(99)
        await seen.say_at(121)
        assert await seen.wrong() == []


async def test_a_store_that_does_not_answer() -> None:
    async with overseen() as seen:
        store = seen.world.app.store
        seen.world.app.store = SilentStore(store)
        assert await seen.wrong() == ["The store does not answer."]
        told = families(await seen.metrics())
        assert "flowbell_outbox_messages" not in told
        assert value(told, "flowbell_ready") == 0
        seen.world.app.store = store
        assert await seen.wrong() == []


async def test_a_platform_that_is_not_there_yet() -> None:
    async with overseen(connected=False) as seen:
        assert await seen.wrong() == ["Telegram is not connected."]


async def test_a_platform_whose_loop_breaks() -> None:
    async with overseen() as seen:
        seen.world.app.services.health.words["telegram"] = "restarting"
        assert await seen.wrong() == ["Telegram is restarting."]


async def test_a_platform_that_answers_no_attempt_and_does_again() -> None:
    async with overseen() as seen:
        await seen.world.ask("/alert btc > 100")
        seen.world.sender.refuses[ANN.chat] = Unknown("no answer in time")
        await seen.say_at(10, btc=101)
        assert await seen.wrong() == []  # one may always be lost
        await seen.say_at(70, btc=101)
        await seen.say_at(71, btc=101)
        assert await seen.wrong() == ["Telegram has answered no attempt to send for 1 min 1 s."]
        seen.world.sender.refuses[ANN.chat] = Parked("blocked")  # a refusal is an answer
        await seen.say_at(100, btc=101)
        await seen.say_at(200, btc=101)
        assert await seen.wrong() == []


async def test_metrics_tell_what_happened() -> None:
    async with overseen() as seen:
        world = seen.world
        await world.ask("/alert btc > 100")
        await world.ask("/alert btc > 200")
        await seen.say_at(3, btc=101)
        expect(world.alerts, "BTC is above $100")
        told = families(await seen.metrics())
        assert value(told, "flowbell_delivery_outcomes_total", platform="telegram", outcome="sent") == 3
        assert value(told, "flowbell_delivery_delay_seconds_count", platform="telegram") == 1
        assert value(told, "flowbell_delivery_delay_seconds_bucket", platform="telegram", le="0.05") == 1
        assert value(told, "flowbell_delivery_delay_seconds_bucket", platform="telegram", le="+Inf") == 1
        assert value(told, "flowbell_alerts_watched") == 1  # one has fired, and the watchdog is nobody's
        assert value(told, "flowbell_source_up", source="binance") == 1
        assert value(told, "flowbell_source_age_seconds", source="binance") == 0
        assert value(told, "flowbell_quote_age_seconds", coin="bitcoin") == 0
        assert value(told, "flowbell_commands_total", command="alert") == 2
        assert value(told, "flowbell_outbox_oldest_age_seconds") == 0
        assert value(told, "flowbell_ready") == 1
        assert value(told, "flowbell_store_commits_total") >= 5
        assert value(told, "flowbell_watchdog_age_seconds") == 0


async def test_a_queue_has_a_length_and_an_age() -> None:
    async with overseen() as seen:
        await seen.world.ask("/alert btc > 100")
        seen.world.sender.refuses[ANN.chat] = Unknown("no answer in time")
        await seen.say_at(10, btc=101)
        await seen.say_at(14, btc=101)
        told = families(await seen.metrics())
        assert value(told, "flowbell_outbox_messages", platform="telegram", state="unknown") == 1
        assert value(told, "flowbell_outbox_oldest_age_seconds") == 4
        assert value(told, "flowbell_delivery_outcomes_total", platform="telegram", outcome="unknown") == 1


async def test_names_keep_the_conventions() -> None:
    async with overseen() as seen:
        await seen.world.ask("/price btc")
        told = families(await seen.metrics())
        own = [each for each in told.values() if each.name.startswith("flowbell_")]
        assert len(own) > 20
        assert all(each.documentation.endswith(".") for each in own)
        for each in own:
            if each.type == "counter":
                assert all(sample.name.endswith("_total") for sample in each.samples)
            if "age" in each.name.split("_") or "delay" in each.name:
                assert each.name.endswith("_seconds")
        assert "process_resident_memory_bytes" in told
        assert "flowbell_ready" not in {each.name for each in REGISTRY.collect()}


async def test_nothing_personal_and_nothing_to_change() -> None:
    async with overseen() as seen:
        await seen.world.ask('/alert btc > 100 note "my secret plan"')
        await seen.world.ask("/watch dogecoin")
        pages = [(await seen.http.get(page)).text for page in ("/health/live", "/health/ready", "/metrics")]
        assert not any("secret plan" in page for page in pages)
        assert not any("person" in page for page in pages)
        for page in ("/", "/docs", "/openapi.json", "/redoc", "/health"):
            assert (await seen.http.get(page)).status_code == 404
        assert (await seen.http.post("/health/ready")).status_code == 405


def test_a_port_that_is_taken_is_an_error_and_not_shared() -> None:
    first = listening("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        listening("127.0.0.1", first.getsockname()[1])
    first.close()

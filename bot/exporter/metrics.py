"""The figures in Prometheus' text format, over a registry of their own."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.exporter.figures import Figures
from bot.version import VERSION
from services.counters import BOUNDS, Name, Timed, Times

_COUNTED: tuple[tuple[str, Name, tuple[str, ...], str], ...] = (
    ("flowbell_delivery_outcomes", "outcomes", ("platform", "outcome"), "Attempts to send, by what became of them."),
    ("flowbell_upstream_errors", "upstream_failures", ("source", "kind"), "Requests to upstreams that failed."),
    ("flowbell_source_failures", "source_failures", ("source",), "Failures of sources, streams and requests alike."),
    ("flowbell_samples", "samples", ("source",), "Prices heard."),
    ("flowbell_samples_refused", "samples_refused", ("source",), "Prices heard that did not count."),
    ("flowbell_commands", "commands", ("command",), "Commands asked."),
    ("flowbell_commands_failed", "commands_failed", ("command",), "Commands that broke."),
    ("flowbell_task_restarts", "task_restarts", ("task",), "Background tasks started again."),
    ("flowbell_store_commits", "commits", (), "Commits of the store."),
    ("flowbell_store_transactions", "writes", (), "Transactions, of which one commit may hold several."),
    ("flowbell_store_failures", "writes_failed", ("error",), "Transactions that failed."),
    ("flowbell_observations", "observations", (), "Facts matched against alerts."),
    ("flowbell_events", "events_fired", (), "Firings of alerts, the watchdog's among them."),
    ("flowbell_updates", "inbox_received", (), "Updates taken in from platforms."),
)
"""Name, without the _total that the format adds; what is counted; the words of its label; help."""


def text_of(figures: Figures) -> bytes:
    """Return the figures, and what the operating system says of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        told = self._figures
        yield from _state(told)
        yield from _queue(told)
        yield from _prices(told)
        yield _histogram(
            "flowbell_delivery_delay_seconds", "delivery_delay", told.delays, "platform",
            "From the moment when an alert's condition was met to the platform's acceptance of the message.",
        )  # fmt: skip
        yield _histogram(
            "flowbell_upstream_request_duration_seconds", "upstream_request", told.requests, "source",
            "From a request to an upstream to the beginning of its answer, or to its failure.",
        )  # fmt: skip
        for name, counted, labels, text in _COUNTED:
            family = CounterMetricFamily(name, text, labels=labels)
            for label, count in _known(told.counts[counted], labels).items():
                family.add_metric(_split(label, labels), count)
            yield family


def _known(counts: Mapping[str, int], labels: tuple[str, ...]) -> Mapping[str, int]:
    return counts if labels else {"": sum(counts.values())}


def _split(label: str, labels: tuple[str, ...]) -> list[str]:
    return label.rsplit(" ", len(labels) - 1) if len(labels) > 1 else [label] * len(labels)


def _gauge(name: str, text: str, values: Mapping[str, float], label: str | None = None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=() if label is None else (label,))
    for each, value in values.items():
        family.add_metric(() if label is None else (each,), value)
    return family


def _state(told: Figures) -> Iterator[Metric]:
    yield _gauge("flowbell_build_info", "The version that runs.", {VERSION: 1}, "version")
    yield _gauge("flowbell_ready", "1 where /health/ready says yes.", {"": float(told.ready)})
    yield _gauge(
        "flowbell_alerts_watched", "Conditions of people's alerts that are watched.", {"": told.alerts_watched}
    )
    if told.watchdog_age is not None:
        text = "Time since the watchdog's message was sent; it should be every five minutes."
        yield _gauge("flowbell_watchdog_age_seconds", text, {"": told.watchdog_age})


def _queue(told: Figures) -> Iterator[Metric]:
    if told.backlog is None:
        return
    length = GaugeMetricFamily("flowbell_outbox_messages", "Messages owed.", labels=("platform", "state"))
    for each in told.backlog:
        length.add_metric((each.platform, each.state), each.count)
    yield length
    text = "Time since the oldest message that is still owed came to be owed; 0 where none is."
    total = {"": max(told.backlog_ages.values(), default=0.0)}
    yield _gauge("flowbell_outbox_oldest_age_seconds", text, total)


def _prices(told: Figures) -> Iterator[Metric]:
    live = {each.name: float(each.live) for each in told.sources}
    yield _gauge("flowbell_source_up", "1 where a source of prices is live.", live, "source")
    ages = {each.name: each.age for each in told.sources if each.age is not None}
    yield _gauge("flowbell_source_age_seconds", "Time since a source's last good price.", ages, "source")
    text = "Age of the quotes of the ten largest coins."
    yield _gauge("flowbell_quote_age_seconds", text, told.quote_ages, "coin")


def _histogram(name: str, timed: Timed, times: Mapping[str, Times], label: str, text: str) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=(label,))
    ends = [*(f"{each:g}" for each in BOUNDS[timed]), "+Inf"]
    for each, kept in times.items():
        total = 0
        buckets: list[tuple[str, float]] = []
        for end, count in zip(ends, kept.counts, strict=True):
            total += count
            buckets.append((end, total))
        family.add_metric((each,), buckets=buckets, sum_value=kept.seconds)
    return family

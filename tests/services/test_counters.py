"""Counts by name and label, and times in classes whose upper ends belong to them."""

from services.counters import BOUNDS, Counters


def test_counts_by_label() -> None:
    counters = Counters()
    counters.add("outcomes", "telegram sent")
    counters.add("outcomes", "telegram sent", 2)
    counters.add("outcomes", "discord parked")
    assert counters.by_label("outcomes") == {"telegram sent": 3, "discord parked": 1}
    assert counters.get("outcomes") == 4
    assert counters.by_label("samples") == {}


def test_times_fall_into_classes() -> None:
    counters = Counters()
    for seconds in (0.05, 0.06, 1.0, 10.0, 10.5, -3.0):
        counters.time("upstream_request", seconds, "binance")
    assert BOUNDS["upstream_request"] == (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
    kept = counters.times("upstream_request")["binance"]
    assert kept.counts == [2, 1, 0, 0, 1, 0, 0, 1, 1]
    assert kept.seconds == 0.05 + 0.06 + 1.0 + 10.0 + 10.5
    assert counters.times("delivery_delay") == {}

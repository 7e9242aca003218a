"""Alerts: stored, watched, fired. Matching and recording are one transaction; the store is the truth."""

from services.alerts.book import Alerts, Limits
from services.alerts.firing import CROCKFORD, HOLD_SECONDS, Post, lateness
from services.alerts.watching import Past

__all__ = ["CROCKFORD", "HOLD_SECONDS", "Alerts", "Limits", "Past", "Post", "lateness"]

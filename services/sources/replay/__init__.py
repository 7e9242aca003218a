"""Recorded candles and trades as a source of prices."""

from services.sources.replay.files import Recording, RecordingMissing, open_recordings, survey
from services.sources.replay.source import Replay, observations

__all__ = ["Recording", "RecordingMissing", "Replay", "observations", "open_recordings", "survey"]

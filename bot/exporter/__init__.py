"""Health and figures for the operator, over HTTP. Loads a web library: imported after the start."""

from bot.exporter.server import listening, serve

__all__ = ["listening", "serve"]

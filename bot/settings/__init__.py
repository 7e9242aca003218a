"""Settings: what there is, how it is read, and the example file made from it."""

from bot.settings.example import example
from bot.settings.loading import EX_CONFIG, ConfigurationError, keys, load_settings
from bot.settings.model import Settings, secrets

__all__ = ["EX_CONFIG", "ConfigurationError", "Settings", "example", "keys", "load_settings", "secrets"]

"""The version of this checkout; a test holds it against pyproject.toml."""

VERSION = "0.1.0"

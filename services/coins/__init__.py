"""The coins that are known, and what people mean by a word."""

from services.coins.book import CoinBook
from services.coins.words import shown

__all__ = ["CoinBook", "shown"]

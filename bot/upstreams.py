"""The live sources, made from the settings."""

from collections.abc import Mapping

import httpx

from bot.settings import Settings
from services.clock import Clock
from services.feed import PriceSource
from services.sources.binance import Binance
from services.sources.coinbase import Coinbase
from services.sources.coingecko import CoinGecko
from services.sources.kraken import Kraken


def coin_gecko(settings: Settings, clock: Clock, client: httpx.AsyncClient) -> CoinGecko:
    """Return CoinGecko, which is a source of prices and the catalogue of coins."""
    given = settings.coingecko
    key = None if given.key is None else given.key.get_secret_value()
    return CoinGecko(client, clock, given.api_base, key, given.plan, given.calls_per_minute)


def exchanges(settings: Settings, clock: Clock, client: httpx.AsyncClient) -> Mapping[str, PriceSource]:
    """Return every exchange there is, by the name that the settings use."""
    return {
        "binance": Binance(client, clock, settings.binance.api_base, settings.binance.ws_base),
        "coinbase": Coinbase(client, clock, settings.coinbase.api_base, settings.coinbase.ws_base),
        "kraken": Kraken(client, clock, settings.kraken.api_base, settings.kraken.ws_base),
    }

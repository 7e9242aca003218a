"""Who takes part in the simulated market: real names, invented numbers of a plausible size."""

from dataclasses import dataclass
from decimal import Decimal
from math import log10


@dataclass(frozen=True, slots=True)
class Asset:
    """One coin or currency: its level in US dollars and how wildly it moves around it."""

    id: str  # the id CoinGecko uses, or a fiat code
    symbol: str
    name: str
    rank: int | None
    level: float  # US dollars; the price returns to it in the long run
    places: int  # decimal places of a price
    day_vol: float  # standard deviation of a day's log return
    share: float  # correlation of its returns with the market's
    supply: float = 0.0  # circulating, in coins; 0 for a currency
    max_supply: float | None = None
    memory: float = 0.995  # how much of a distance from the level is left a day later
    turnover: float = 0.04  # volume of a day as a fraction of the supply

    @property
    def tick(self) -> Decimal:
        """Return the smallest step of the price, in dollars."""
        return Decimal(1).scaleb(-self.places)

    @property
    def lot(self) -> Decimal:
        """Return the smallest step of the volume, in coins; finer for dear coins."""
        return Decimal(1).scaleb(-min(5, max(0, round(log10(self.level)) + 2)))


_COINS = (
    Asset("bitcoin", "BTC", "Bitcoin", 1, 84_000, 2, 0.022, 0.90, 19.9e6, 21e6),
    Asset("ethereum", "ETH", "Ethereum", 2, 2_600, 2, 0.031, 0.88, 120.7e6),
    Asset("ripple", "XRP", "XRP", 4, 2.2, 4, 0.036, 0.76, 58.2e9, 100e9),
    Asset("binancecoin", "BNB", "BNB", 5, 620, 2, 0.023, 0.80, 140.9e6, 200e6),
    Asset("solana", "SOL", "Solana", 6, 150, 2, 0.038, 0.83, 519e6),
    Asset("dogecoin", "DOGE", "Dogecoin", 8, 0.19, 5, 0.044, 0.80, 148.8e9),
    Asset("tron", "TRX", "TRON", 9, 0.25, 4, 0.020, 0.55, 94.9e9),
    Asset("cardano", "ADA", "Cardano", 10, 0.68, 4, 0.040, 0.80, 35.2e9, 45e9),
    Asset("hyperliquid", "HYPE", "Hyperliquid", 11, 26, 3, 0.055, 0.60, 333.9e6, 1e9),
    Asset("chainlink", "LINK", "Chainlink", 12, 15, 3, 0.041, 0.82, 657e6, 1e9),
    Asset("sui", "SUI", "Sui", 13, 2.9, 4, 0.048, 0.78, 3.17e9, 10e9),
    Asset("avalanche-2", "AVAX", "Avalanche", 14, 21.5, 2, 0.043, 0.81, 415e6, 720e6),
    Asset("stellar", "XLM", "Stellar", 15, 0.28, 4, 0.039, 0.72, 30.8e9, 50e9),
    Asset("bitcoin-cash", "BCH", "Bitcoin Cash", 16, 400, 1, 0.036, 0.74, 19.85e6, 21e6),
    Asset("the-open-network", "TON", "Toncoin", 17, 3.1, 3, 0.035, 0.66, 2.48e9),
    Asset("shiba-inu", "SHIB", "Shiba Inu", 18, 0.0000131, 8, 0.045, 0.79, 589.3e12),
    Asset("hedera-hashgraph", "HBAR", "Hedera", 19, 0.18, 5, 0.043, 0.74, 42.2e9, 50e9),
    Asset("litecoin", "LTC", "Litecoin", 20, 92, 2, 0.034, 0.77, 75.8e6, 84e6),
    Asset("polkadot", "DOT", "Polkadot", 21, 4.2, 3, 0.039, 0.80, 1.55e9),
    Asset("uniswap", "UNI", "Uniswap", 22, 7.1, 3, 0.044, 0.74, 628e6, 1e9),
    Asset("pepe", "PEPE", "Pepe", 23, 0.0000098, 8, 0.060, 0.72, 420.69e12, 420.69e12),
    Asset("aave", "AAVE", "Aave", 24, 240, 2, 0.046, 0.76, 15.1e6, 16e6),
    Asset("near", "NEAR", "NEAR Protocol", 25, 2.4, 3, 0.046, 0.79, 1.21e9),
    # Shares a ticker with Uniswap, as real coins do: whoever types UNI means the larger one.
    Asset("unicorn-token", "UNI", "UNICORN Token", 4_812, 0.00052, 7, 0.090, 0.20, 430e6, 1e9),
)
_STABLE_COINS = (
    Asset("tether", "USDT", "Tether", 3, 1.0, 5, 0.0004, 0.0, 144e9, memory=0.8, turnover=0.4),
    Asset("usd-coin", "USDC", "USD Coin", 7, 1.0, 5, 0.0003, 0.0, 60e9, memory=0.8, turnover=0.15),
)
_FIATS = (
    Asset("eur", "EUR", "Euro", None, 1.09, 5, 0.0042, 0.0, memory=0.99),
    Asset("gbp", "GBP", "Pound sterling", None, 1.29, 5, 0.0045, 0.0, memory=0.99),
    Asset("jpy", "JPY", "Japanese yen", None, 0.0067, 7, 0.0052, 0.0, memory=0.99),
    Asset("chf", "CHF", "Swiss franc", None, 1.14, 5, 0.0044, 0.0, memory=0.99),
)

# The order is part of every path: new assets go to the end.
ASSETS = (*_COINS, *_STABLE_COINS, *_FIATS)
_BY_ID = {each.id: each for each in ASSETS}


def universe() -> tuple[Asset, ...]:
    """Return the coins, stable coins included, by rank."""
    return tuple(sorted((*_COINS, *_STABLE_COINS), key=lambda each: each.rank or 0))


def fiats() -> tuple[Asset, ...]:
    """Return the currencies whose rate against the dollar is simulated."""
    return _FIATS


def asset(asset_id: str) -> Asset | None:
    """Return the coin or currency of this id, or None where the market has none."""
    return _BY_ID.get(asset_id)

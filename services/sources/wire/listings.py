"""Which coin a ticker means at an exchange, and which pairs an exchange has."""

from collections.abc import Awaitable, Callable, Iterable

from services.clock import Clock
from services.domain.coins import Coin
from services.feed import SourceError

_FRESH_SECONDS = 6 * 3600.0
_AGAIN_SECONDS = 600.0
_RANKED = 1000  # tickers clash; what ranks lower is hardly the coin that an exchange lists under a ticker

MEANT: dict[str, str] = {
    "AAVE": "aave", "ADA": "cardano", "ALGO": "algorand", "APT": "aptos", "ARB": "arbitrum", "ATOM": "cosmos",
    "AVAX": "avalanche-2", "BCH": "bitcoin-cash", "BNB": "binancecoin", "BONK": "bonk", "BTC": "bitcoin",
    "CRV": "curve-dao-token", "DASH": "dash", "DOGE": "dogecoin", "DOT": "polkadot", "ENA": "ethena",
    "ETC": "ethereum-classic", "ETH": "ethereum", "FET": "fetch-ai", "FIL": "filecoin", "FLOKI": "floki",
    "GRT": "the-graph", "HBAR": "hedera-hashgraph", "HYPE": "hyperliquid", "ICP": "internet-computer",
    "IMX": "immutable-x", "INJ": "injective-protocol", "JUP": "jupiter-exchange-solana", "KAS": "kaspa",
    "LDO": "lido-dao", "LINK": "chainlink", "LTC": "litecoin", "MANA": "decentraland", "MKR": "maker",
    "NEAR": "near", "ONDO": "ondo-finance", "OP": "optimism", "PAXG": "pax-gold", "PEPE": "pepe",
    "POL": "polygon-ecosystem-token", "QNT": "quant-network", "RENDER": "render-token", "RUNE": "thorchain",
    "SAND": "the-sandbox", "SEI": "sei-network", "SHIB": "shiba-inu", "SOL": "solana", "STX": "blockstack",
    "SUI": "sui", "TAO": "bittensor", "TIA": "celestia", "TON": "the-open-network", "TRUMP": "official-trump",
    "TRX": "tron", "UNI": "uniswap", "USDC": "usd-coin", "USDT": "tether", "VET": "vechain",
    "WBTC": "wrapped-bitcoin", "WIF": "dogwifcoin", "WLD": "worldcoin-wld", "XLM": "stellar", "XMR": "monero",
    "XRP": "ripple", "XTZ": "tezos", "ZEC": "zcash",
}  # fmt: skip
"""The coin that exchanges mean by a ticker, by its id: another coin of the same ticker must not get its price."""


def by_ticker(coins: Iterable[Coin]) -> dict[str, str]:
    """Return ticker → coin id for the coins an exchange can mean; of coins with one ticker the largest counts."""
    found: dict[str, str] = {}
    for coin in sorted(coins, key=lambda each: (each.rank is None, each.rank or 0, each.id)):
        meant = MEANT.get(coin.symbol)
        if meant is None and (coin.rank is None or coin.rank > _RANKED):
            continue
        if meant is None or meant == coin.id:
            found.setdefault(coin.symbol, coin.id)
    return found


class Listing:
    """The names of the pairs that trade at one exchange, asked for at first use and then now and again."""

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[frozenset[str]]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._names: frozenset[str] | None = None
        self._due_at: float | None = None

    async def names(self) -> frozenset[str] | None:
        """Return the names, or None while the exchange does not tell: then every pair may exist."""
        now = self._clock.monotonic()
        if self._due_at is None or now >= self._due_at:
            self._due_at = now + _AGAIN_SECONDS
            try:
                self._names = await self._fetch() or None
            except SourceError:
                return self._names
            self._due_at = now + _FRESH_SECONDS
        return self._names

    def forget(self) -> None:
        """Ask anew at next use: the exchange said that a name is unknown."""
        self._due_at = None

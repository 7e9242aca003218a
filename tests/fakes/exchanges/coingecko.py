"""CoinGecko: the catalogue, simple prices and bars; keys are checked as the real hosts check them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from tests.fakes.exchanges.market import FakeCoin, Market
from tests.fakes.exchanges.venue import Answer, Socket, Venue
from tests.fakes.exchanges.wording import answer, iso, milliseconds

RATE_LIMIT = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}
WRONG_HOST = {"status": {"error_code": 10010, "error_message": "If you are using Pro API key, change your root URL"}}
WRONG_PLAN = {"status": {"error_code": 10011, "error_message": "If you are using Demo API key, change your root URL"}}
TOO_LONG_AGO = {"error": {"status": {"timestamp": "2026-10-01T09:00:00.000+00:00", "error_code": 10012,
                                     "error_message": "Your request exceeds the allowed time range."}}}  # fmt: skip
UNKNOWN_COIN = {"error": "coin not found"}
DOLLARS_PER = {"usd": Decimal(1), "eur": Decimal("1.16"), "gbp": Decimal("1.31"), "jpy": Decimal("0.0064")}


class FakeCoinGecko(Venue):
    """No sockets; `pro` decides which key it accepts, `minute_calls` how many it answers before 429."""

    def __init__(self, market: Market) -> None:
        super().__init__(market)
        self.pro = False
        self.minute_calls: int | None = None

    async def rest(self, path: str, params: dict[str, str], headers: Mapping[str, str]) -> Answer:
        if self.minute_calls is not None and len(self.asked) > self.minute_calls:
            return answer(RATE_LIMIT, 429)
        if not self.pro and "x-cg-pro-api-key" in headers:
            return answer(WRONG_HOST, 400)
        if self.pro and "x-cg-pro-api-key" not in headers:
            return answer(WRONG_PLAN, 400)
        match path.strip("/").split("/"):
            case ["simple", "price"]:
                return self._simple(params)
            case ["coins", "markets"]:
                return self._markets(params)
            case ["search"]:
                return self._search(params["query"].lower())
            case ["coins", coin_id, "ohlc"]:
                return self._ohlc(coin_id, params)
            case _:
                return answer(UNKNOWN_COIN, 404)

    def _simple(self, params: dict[str, str]) -> Answer:
        if "vs_currencies" not in params:
            return answer({"error": "Missing parameter vs_currencies"}, 422)
        ids = params["ids"].split(",")
        moneys = [each for each in params["vs_currencies"].split(",") if each in DOLLARS_PER]
        rows: dict[str, dict[str, Decimal | int]] = {}
        for coin in self.market.coins:
            if coin.id not in ids:
                continue
            price = self.market.price_of(coin)
            row: dict[str, Decimal | int] = {money: price / DOLLARS_PER[money] for money in moneys}
            row |= {f"{money}_24h_vol": price * 1000 for money in moneys if params.get("include_24hr_vol") == "true"}
            row |= {f"{m}_24h_change": Decimal(2) for m in moneys if params.get("include_24hr_change") == "true"}
            row["last_updated_at"] = int(self.now().timestamp())
            rows[coin.id] = row
        return answer(rows)

    def _markets(self, params: dict[str, str]) -> Answer:
        per_page, page = int(params.get("per_page", "100")), int(params.get("page", "1"))
        if not 1 <= per_page <= 250:
            return answer({"error": "per_page out of range"}, 422)
        ids = params["ids"].split(",") if "ids" in params else None
        coins = sorted(self.market.coins, key=lambda coin: coin.rank or 10**6)
        chosen = [coin for coin in coins if ids is None or coin.id in ids]
        return answer([self._row(coin) for coin in chosen[(page - 1) * per_page : page * per_page]])

    def _row(self, coin: FakeCoin) -> dict[str, object]:
        price = self.market.price_of(coin)
        cap = None if coin.rank is None else price * 10_000_000
        return {
            "id": coin.id,
            "symbol": coin.ticker.lower(),
            "name": coin.name,
            "image": "https://coin-images.coingecko.com/coins/images/1/large/bitcoin.png",
            "current_price": price,
            "market_cap": cap,
            "market_cap_rank": coin.rank,
            "total_volume": price * 1000,
            "high_24h": price * Decimal("1.03"),
            "low_24h": price * Decimal("0.97"),
            "circulating_supply": Decimal(10_000_000),
            "max_supply": None,
            "ath": price * 2,
            "ath_date": "2025-10-06T18:57:42.558Z",
            "roi": None,
            "last_updated": iso(self.now()),
            "price_change_percentage_1h_in_currency": Decimal("0.11"),
            "price_change_percentage_24h_in_currency": Decimal(2),
            "price_change_percentage_7d_in_currency": None,
        }

    def _search(self, text: str) -> Answer:
        coins = sorted(self.market.coins, key=lambda coin: coin.rank or 10**6)
        hits = [coin for coin in coins if text in coin.ticker.lower() or text in coin.name.lower()]
        rows = [
            {"id": c.id, "name": c.name, "api_symbol": c.id, "symbol": c.ticker, "market_cap_rank": c.rank}
            for c in hits
        ]
        return answer({"coins": rows, "exchanges": [], "icos": [], "categories": [], "nfts": []})

    def _ohlc(self, coin_id: str, params: dict[str, str]) -> Answer:
        coin = next((each for each in self.market.coins if each.id == coin_id and each.traded), None)
        days = int(params["days"])
        if coin is None:
            return answer(UNKNOWN_COIN, 404)
        if days > 365:
            return answer(TOO_LONG_AGO, 401)
        length = timedelta(minutes=30) if days <= 2 else timedelta(hours=4) if days <= 30 else timedelta(days=4)
        now = self.now()
        bars = self.market.bars(coin.ticker, int(length.total_seconds()), now - timedelta(days=days), now)
        rows = [[milliseconds(min(bar.at + length, now)), bar.open, bar.high, bar.low, bar.close] for bar in bars]
        return answer(rows)

    async def greet(self, socket: Socket) -> None:
        await socket.ws.close()

    async def heard(self, socket: Socket, text: str) -> None:
        await socket.ws.close()

    def frames(self, ticker: str, price: Decimal, at: datetime) -> dict[str, str]:
        return {}

    def life_sign(self) -> str | None:
        return None

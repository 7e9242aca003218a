"""Coinbase Exchange: the ticker channel with heartbeats, products, tickers, stats and candles."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from tests.fakes.exchanges.venue import Answer, Socket, Venue
from tests.fakes.exchanges.wording import answer, frame, iso, plain

_SUBSCRIBE_WITHIN_SECONDS = 5
_GRANULARITIES = (60, 300, 900, 3600, 21600, 86400)
_NOT_FOUND = {"message": "NotFound"}


class FakeCoinbase(Venue):
    """Quotes in dollars; a subscription with one unknown product fails as a whole."""

    def products(self) -> dict[str, str]:
        """Return product → ticker; BNB is not traded here, tether is."""
        return {f"{ticker}-USD": ticker for ticker in (*self.tickers, "USDT") if ticker != "BNB"}

    async def rest(self, path: str, params: dict[str, str], headers: Mapping[str, str]) -> Answer:
        if "User-Agent" not in headers:
            return answer({"message": "User-Agent header is required."}, 400)
        if path == "/products":
            return answer([{"id": name, "status": "online"} for name in self.products()])
        _, _, name, what = path.split("/")
        ticker = self.products().get(name)
        if ticker is None:
            return answer(_NOT_FOUND, 404)
        price = self.market.prices[ticker]
        if what == "ticker":
            return answer({"trade_id": 1, "price": plain(price), "size": "0.1", "time": iso(self.now())})
        if what == "stats":
            return answer({**_day(price, ("open", "high", "low", "volume")), "last": plain(price)})
        return self._candles(ticker, params)

    def _candles(self, ticker: str, params: dict[str, str]) -> Answer:
        seconds = int(params["granularity"])
        start, end = datetime.fromisoformat(params["start"]), datetime.fromisoformat(params["end"])
        if seconds not in _GRANULARITIES:
            return answer({"message": "Unsupported granularity"}, 400)
        if (end - start).total_seconds() > 300 * seconds:
            return answer({"message": "granularity too small for the requested time range."}, 400)
        bars = reversed(self.market.bars(ticker, seconds, start, end))
        return answer([[int(b.at.timestamp()), b.low, b.high, b.open, b.close, b.volume] for b in bars])

    async def greet(self, socket: Socket) -> None:
        asyncio.get_running_loop().call_later(_SUBSCRIBE_WITHIN_SECONDS, self._hang_up, socket)

    def _hang_up(self, socket: Socket) -> None:
        if not socket.heard and socket.request.transport is not None:
            socket.request.transport.abort()

    async def heard(self, socket: Socket, text: str) -> None:
        asked = json.loads(text)
        unknown = [name for name in asked["product_ids"] if name not in self.products()]
        if unknown:
            reason = f"{unknown[0]} is not a valid product"
            await self._send(socket, frame({"type": "error", "message": "Failed to subscribe", "reason": reason}))
            return
        socket.subscribed.update(asked["product_ids"])
        channels = [{"name": "ticker", "product_ids": sorted(socket.subscribed)}]
        await self._send(socket, frame({"type": "subscriptions", "channels": channels}))

    def frames(self, ticker: str, price: Decimal, at: datetime) -> dict[str, str]:
        name = f"{ticker}-USD"
        if name not in self.products():
            return {}
        tick = {
            "type": "ticker",
            "sequence": 509786285380,
            "product_id": name,
            "price": plain(price),
            **_day(price, ("open_24h", "high_24h", "low_24h", "volume_24h")),
            "side": "sell",
            "time": iso(at),
            "trade_id": 900000002,
            "last_size": "0.05",
        }
        return {name: frame(tick)}

    def life_sign(self) -> str | None:
        beat = {"type": "heartbeat", "sequence": 90, "last_trade_id": 20, "product_id": "BTC-USD"}
        return frame({**beat, "time": iso(self.now())})


def _day(price: Decimal, names: tuple[str, str, str, str]) -> dict[str, str]:
    factors = (Decimal("0.98"), Decimal("1.03"), Decimal("0.97"))
    return {**{name: plain(price * each) for name, each in zip(names, factors, strict=False)}, names[3]: "1000.0"}

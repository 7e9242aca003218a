"""Kraken: the WebSocket v2 ticker, and a REST side whose errors come with status 200."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from tests.fakes.exchanges.venue import Answer, Socket, Venue
from tests.fakes.exchanges.wording import answer, frame, iso, plain

_OLD = {"BTC": "XBT", "DOGE": "XDG"}
_INTERNAL = {"BTC": "XXBTZUSD", "ETH": "XETHZUSD", "XRP": "XXRPZUSD", "EUR": "ZEURZUSD", "USDT": "USDTZUSD"}
_MINUTES = (1, 5, 15, 30, 60, 240, 1440)
_KEPT = 720


class FakeKraken(Venue):
    """Quotes coins and money in dollars."""

    def pairs(self) -> dict[str, str]:
        """Return display name → ticker."""
        return {f"{ticker}/USD": ticker for ticker in (*self.tickers, *self.market.money)}

    async def rest(self, path: str, params: dict[str, str], headers: Mapping[str, str]) -> Answer:
        names = [name for name in params.get("pair", "").split(",") if name]
        known = {_OLD.get(each, each) + "USD": each for each in self.pairs().values()}
        if not set(names) <= known.keys():
            return answer({"error": ["EQuery:Unknown asset pair"]})
        tickers = [known[name] for name in names] or list(self.pairs().values())
        if path == "/0/public/OHLC":
            return self._ohlc(tickers[0], params)
        keys = {ticker: self._key(ticker, params) for ticker in tickers}
        return answer({"error": [], "result": {key: self._row(ticker) for ticker, key in keys.items()}})

    def _key(self, ticker: str, params: dict[str, str]) -> str:
        if params.get("assetVersion") == "1":
            return f"{ticker}/USD"
        return _INTERNAL.get(ticker, _OLD.get(ticker, ticker) + "USD")

    def _row(self, ticker: str) -> dict[str, object]:
        price = self.market.prices[ticker]
        low, high = plain(price * Decimal("0.97")), plain(price * Decimal("1.03"))
        return {
            "a": [plain(price), "1", "1.000"],
            "b": [plain(price), "2", "2.000"],
            "c": [plain(price), "0.00420000"],
            "v": ["400.00000000", "1000.00000000"],
            "p": [plain(price), plain(price)],
            "t": [12010, 40321],
            "l": [plain(price * Decimal("0.99")), low],
            "h": [plain(price * Decimal("1.01")), high],
            "o": plain(price),
        }

    def _ohlc(self, ticker: str, params: dict[str, str]) -> Answer:
        minutes = int(params.get("interval", "1"))
        if minutes not in _MINUTES:
            return answer({"error": ["EGeneral:Invalid arguments"]})
        since = datetime.fromtimestamp(int(params.get("since", "0")), UTC)
        rows = []
        for bar in self.market.bars(ticker, minutes * 60, since, self.now())[-_KEPT:]:
            numbers = (bar.open, bar.high, bar.low, bar.close, bar.close, bar.volume)
            rows.append([int(bar.at.timestamp()), *map(plain, numbers), 42])
        last = rows[-2][0] if len(rows) > 1 else 0
        return answer({"error": [], "result": {self._key(ticker, params): rows, "last": last}})

    async def greet(self, socket: Socket) -> None:
        status = {"api_version": "v2", "connection_id": 1, "system": "online", "version": "2.0.9"}
        await self._send(socket, frame({"channel": "status", "type": "update", "data": [status]}))

    async def heard(self, socket: Socket, text: str) -> None:
        asked = json.loads(text)
        if asked["method"] == "ping":
            times = {"time_in": iso(self.now()), "time_out": iso(self.now())}
            await self._send(socket, frame({"method": "pong", **times}))
            return
        for name in asked["params"]["symbol"]:
            await self._subscribe(socket, name)

    async def _subscribe(self, socket: Socket, name: str) -> None:
        times = {"method": "subscribe", "time_in": iso(self.now()), "time_out": iso(self.now()), "req_id": 1}
        ticker = self.pairs().get(name)
        if ticker is None:
            error = f"Currency pair not supported {name}"
            await self._send(socket, frame({**times, "error": error, "success": False, "symbol": name}))
            return
        socket.subscribed.add(name)
        result = {"channel": "ticker", "symbol": name, "snapshot": True}
        await self._send(socket, frame({**times, "result": result, "success": True}))
        await self._send(socket, self._tick("snapshot", name, self.market.prices[ticker], self.now()))

    def frames(self, ticker: str, price: Decimal, at: datetime) -> dict[str, str]:
        name = f"{ticker}/USD"
        return {name: self._tick("update", name, price, at)} if name in self.pairs() else {}

    def _tick(self, kind: str, name: str, price: Decimal, at: datetime) -> str:
        tick = {
            "symbol": name,
            "bid": price,
            "bid_qty": Decimal("1.25"),
            "ask": price,
            "ask_qty": Decimal("0.5"),
            "last": price,
            "volume": Decimal("1000.0"),
            "vwap": price,
            "low": price * Decimal("0.97"),
            "high": price * Decimal("1.03"),
            "change": price * Decimal("0.02"),
            "change_pct": Decimal("2.04"),
            "timestamp": iso(at),
        }
        return frame({"channel": "ticker", "type": kind, "data": [tick]})

    def life_sign(self) -> str | None:
        return frame({"channel": "heartbeat"})

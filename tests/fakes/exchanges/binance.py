"""Binance spot: mini tickers on combined streams, the 24-hour ticker and klines."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.fakes.exchanges.venue import Answer, Socket, Venue
from tests.fakes.exchanges.wording import answer, frame, milliseconds, plain

SECONDS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400}
BAD_SYMBOL = {"code": -1121, "msg": "Invalid symbol."}
_MOST_STREAMS = 1024


class FakeBinance(Venue):
    """Quotes in tether; trades USDC and the euro against it."""

    def symbols(self) -> dict[str, str]:
        """Return symbol → ticker."""
        return {f"{ticker}USDT": ticker for ticker in (*self.tickers, "USDC", "EUR")}

    def price(self, ticker: str) -> Decimal:
        return self.market.prices[ticker] / self.market.prices["USDT"]

    async def rest(self, path: str, params: dict[str, str], headers: Mapping[str, str]) -> Answer:
        if path == "/api/v3/ticker/price":
            rows = [{"symbol": name, "price": plain(self.price(each))} for name, each in self.symbols().items()]
            return answer(rows)
        if path == "/api/v3/ticker/24hr":
            return self._day(params.get("symbols", ""))
        if path == "/api/v3/klines":
            return self._klines(params)
        return Answer(b"<html>404</html>", 404, {"Content-Type": "text/html"})

    def _day(self, asked: str) -> Answer:
        if " " in asked:
            return answer({"code": -1100, "msg": "Illegal characters found in parameter 'symbols'."}, 400)
        names: list[str] = json.loads(asked) if asked else list(self.symbols())
        if not set(names) <= self.symbols().keys():
            return answer(BAD_SYMBOL, 400)
        return answer([self._row(name) for name in names])

    def _row(self, name: str) -> dict[str, object]:
        price = self.price(self.symbols()[name])
        closed = milliseconds(self.now())
        return {
            "symbol": name,
            "openPrice": plain(price * Decimal("0.98")),
            "highPrice": plain(price * Decimal("1.03")),
            "lowPrice": plain(price * Decimal("0.97")),
            "lastPrice": plain(price),
            "volume": "1000.00000000",
            "quoteVolume": plain(price * 1000),
            "openTime": closed - 86_400_000,
            "closeTime": closed,
            "firstId": 1,
            "lastId": 2,
            "count": 2,
        }

    def _klines(self, params: dict[str, str]) -> Answer:
        ticker = self.symbols().get(params.get("symbol", ""))
        seconds = SECONDS.get(params.get("interval", ""))
        limit = int(params.get("limit", "500"))
        if ticker is None:
            return answer(BAD_SYMBOL, 400)
        if seconds is None:
            return answer({"code": -1120, "msg": "Invalid interval."}, 400)
        if limit > 1000:
            return answer({"code": -1130, "msg": "Data sent for parameter 'limit' is not valid."}, 400)
        start, end = (datetime.fromtimestamp(int(params[name]) / 1000, UTC) for name in ("startTime", "endTime"))
        rows = []
        for bar in self.market.bars(ticker, seconds, start, end)[:limit]:
            closed = milliseconds(bar.at + timedelta(seconds=seconds)) - 1
            numbers = [plain(each) for each in (bar.open, bar.high, bar.low, bar.close, bar.volume)]
            rows.append([milliseconds(bar.at), *numbers, closed, plain(bar.volume * bar.close), 12, "1.0", "1.0", "0"])
        return answer(rows)

    async def greet(self, socket: Socket) -> None:
        asked = socket.request.query.get("streams", "")
        socket.subscribed.update(filter(None, asked.split("/")))

    async def heard(self, socket: Socket, text: str) -> None:
        asked = json.loads(text)
        if asked.get("method") != "SUBSCRIBE" or not isinstance(asked.get("params"), list):
            await self._send(socket, frame({"code": 2, "msg": "Invalid request: unknown variant"}))
            return
        socket.subscribed.update(asked["params"])
        if len(socket.subscribed) > _MOST_STREAMS or len(socket.heard) > 5:
            await socket.ws.close()
            return
        await self._send(socket, frame({"result": None, "id": asked["id"]}))

    def frames(self, ticker: str, price: Decimal, at: datetime) -> dict[str, str]:
        name = f"{ticker}USDT"
        if name not in self.symbols():
            return {}
        value = price / self.market.prices["USDT"]
        tick = {
            "e": "24hrMiniTicker",
            "E": milliseconds(at),
            "s": name,
            "c": plain(value),
            "o": plain(value * Decimal("0.98")),
            "h": plain(value * Decimal("1.03")),
            "l": plain(value * Decimal("0.97")),
            "v": "1000.00000000",
            "q": plain(value * 1000),
        }
        stream = f"{name.lower()}@miniTicker"
        return {stream: frame({"stream": stream, "data": tick})}

    def life_sign(self) -> str | None:
        return None

    async def announce_shutdown(self) -> None:
        """Say that the server is about to close the connections."""
        event = {"e": "serverShutdown", "E": milliseconds(self.now())}
        await self.say(frame({"stream": "!serverShutdown", "data": event}))

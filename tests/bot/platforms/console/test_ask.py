"""One question from a shell."""

import json

from bot.app import App
from bot.platforms.console import ask


async def test_an_answer(app: App) -> None:
    status, out, err = await ask(app.conversation, "/price btc", as_json=False)
    assert (status, err) == (0, "")
    assert out.startswith("[SIMULATED] Bitcoin (BTC)\n$")
    assert out.endswith("Simulated market · 22 Nov 2026 14:03:22 UTC\n")


async def test_plain_words(app: App) -> None:
    assert await ask(app.conversation, " btc ", as_json=False) == await ask(
        app.conversation, "/price btc", as_json=False
    )


async def test_prices_for_machines(app: App) -> None:
    status, out, err = await ask(app.conversation, "/price btc eth", as_json=True)
    answer = json.loads(out)
    assert (status, err) == (0, "")
    assert [each["symbol"] for each in answer["data"]] == ["BTC", "ETH"]
    for each in answer["data"]:
        assert float(each["value"]) > 0
        assert isinstance(each["value"], str)
        assert (each["unit"], each["source"]) == ("USD", "simulated")
        assert (each["as_of"], each["age"]) == ("2026-11-22T14:03:22Z", 0.0)
    assert answer["as_of"] == "2026-11-22T14:03:22Z"
    assert answer["card"]["marks"] == ["SIMULATED"]


async def test_one_of_several_coins_is_unknown(app: App) -> None:
    status, out, err = await ask(app.conversation, "/price btc bitcon eth", as_json=False)
    assert (status, err) == (0, "")
    assert [out.count(word) for word in ("BTC ", "ETH ", "No coin is called «bitcon».")] == [1, 1, 1]
    status, out, _ = await ask(app.conversation, "/price btc bitcon eth", as_json=True)
    assert (status, [each["symbol"] for each in json.loads(out)["data"]]) == (0, ["BTC", "ETH"])
    status, out, _ = await ask(app.conversation, "/price bitcon notacoin", as_json=True)
    assert (status, json.loads(out)["error"]["code"]) == (2, "not_found")


async def test_a_refusal(app: App) -> None:
    status, out, err = await ask(app.conversation, "/pric btc", as_json=False)
    assert (status, out) == (2, "")
    assert err.splitlines() == ["There is no command /pric. Did you mean /price?", "  /price btc  (/price)"]


async def test_a_refusal_for_machines(app: App) -> None:
    status, out, err = await ask(app.conversation, "/price", as_json=True)
    assert (status, json.loads(out)["error"]["code"]) == (2, "invalid_input")
    assert json.loads(out)["error"]["message"] in err


async def test_nothing_foreign_reaches_the_terminal(app: App) -> None:
    for text in ("/\x1b[31mx\u202e", "\x1b]0;t\x07"):
        _, out, err = await ask(app.conversation, text, as_json=False)
        assert all(each.isprintable() or each == "\n" for each in out + err)

"""What completes a half-typed line."""

import pytest

from bot.app import App
from bot.platforms.console.completion import suggestions, usage
from bot.platforms.console.place import caller


async def completed(app: App, line: str) -> list[str]:
    """The lines that `line` may become."""
    found = await suggestions(app.conversation, line, await caller(app.conversation))
    return [line[: each.start] + each.text for each in found]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("/pri", ["/price", "/privacy"]),
        ("/alerts pau", ["/alerts pause"]),
        ("/chart btc 4", ["/chart btc 4h"]),
        ("/chart btc 4h r", ["/chart btc 4h rsi"]),
        ("/chart btc 4h rsi ma", ["/chart btc 4h rsi macd"]),
        ("/top 5 v", ["/top 5 volume"]),
        ("/price btc et", ["/price btc ethereum", "/price btc ethereum-classic", "/price btc ethena"]),
        ("/price btc gb", ["/price btc gbp"]),
        ("/p solan", ["/p solana"]),
        ("chart solan", ["chart solana"]),
        ("solan", ["solana"]),
        ("/about x", []),
        ("/nonsense x", []),
        ("/price", ["/price"]),
        ("", []),
        ("   ", []),
    ],
)
async def test_lines(app: App, line: str, wanted: list[str]) -> None:
    assert (await completed(app, line))[: len(wanted) or None] == wanted


async def test_all_commands_and_members(app: App) -> None:
    commands = app.conversation.dispatch.commands
    assert await completed(app, "/") == list(dict.fromkeys(f"/{each.path[0]}" for each in commands))
    members = [f"/alerts {each.path[1]}" for each in commands if each.path[0] == "alerts" and each.path[1:]]
    assert (await completed(app, "/alerts "))[: len(members)] == members


@pytest.mark.parametrize("line", ["/alert btc > 200k", "btc > 200k", "/a btc > 200k", "alert btc > 200k"])
async def test_a_rule_is_read_out(app: App, line: str) -> None:
    (only,) = await suggestions(app.conversation, line, await caller(app.conversation))
    assert only.text == line[only.start :] == "btc > 200k"
    assert only.label.startswith("Once, when BTC is above $200,000. now $")


async def test_numbers_of_alerts(app: App) -> None:
    await app.conversation.answer_line("/alert btc > 200k", await caller(app.conversation))
    found = await suggestions(app.conversation, "/alerts pause ", await caller(app.conversation))
    (first,) = [each for each in found if each.text == "1"]
    assert first.start == len("/alerts pause ")
    assert first.label.startswith("#1 ")


async def test_a_rule_behind_a_number(app: App) -> None:
    line = "/alerts edit 1 btc > 3"
    found = await suggestions(app.conversation, line, await caller(app.conversation))
    assert {each.start for each in found} == {len("/alerts edit 1 ")}


def test_usage(app: App) -> None:
    dispatch = app.conversation.dispatch
    assert (usage(dispatch, "/price bt") or "").startswith("/price coin… [fiat] · Show the latest price")
    assert (usage(dispatch, "/alerts pause 1") or "").startswith("/alerts pause number… [mine|here] · ")
    assert usage(dispatch, "/pri") is None
    assert usage(dispatch, "btc") is None

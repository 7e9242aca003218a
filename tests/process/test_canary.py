"""No token in anything written, however much goes wrong; that the whole session wrote none is checked at its end."""

from pathlib import Path

import pytest

from tests.fakes.discord import Fault as DiscordFault
from tests.fakes.discord import Garbage, Reset, Status
from tests.fakes.telegram import Fault, FaultKind
from tests.process.harness import ANN, DI, SECRETS, Fakes, Flowbell, leaks

pytestmark = pytest.mark.process


async def test_failing_platforms_make_nobody_write_a_token(outside: Fakes, bot: Flowbell) -> None:
    for kind in (FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR, FaultKind.GARBAGE, FaultKind.OK_FALSE):
        outside.telegram.faults.add(Fault(kind=kind, method="getUpdates"))
    for kind in (FaultKind.RESET_AFTER, FaultKind.TRUNCATED, FaultKind.SERVER_ERROR):
        outside.telegram.faults.add(Fault(kind=kind, method="sendMessage"))
    outside.discord.faults.add(
        DiscordFault("*", "*", Status(500, html=True)),
        DiscordFault("*", "*", Garbage(), skip=1),
        DiscordFault("*", "*", Reset(executed=True), skip=2),
    )
    outside.telegram.message(ANN, "/alert btc > 91k")
    outside.telegram.message(ANN, "/export")
    asked = await outside.discord.slash(DI, "/export")
    await asked.acknowledgement(15)
    await outside.discord.close(4000)
    await outside.telegram.wait_for(lambda message: "Alert #1 is set" in message.text, 30)
    await bot.listening_on_discord()
    assert await bot.stop() == 0
    assert " DEBUG " in bot.output.text
    assert "***" in bot.output.text
    assert asked.token not in bot.output.text
    (bot.folder / "fakes.log").write_text(outside.logs())
    assert leaks(bot.folder) == []


@pytest.mark.parametrize("secret", SECRETS, ids=["telegram", "telegram part", "discord", "discord part"])
def test_a_written_token_would_be_found(tmp_path: Path, secret: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "flowbell.sqlite-wal").write_bytes(b"\x00" + secret.encode() + b"\x00")
    assert leaks(tmp_path) != []

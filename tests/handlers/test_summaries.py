"""A burst of alerts as one card, through the front door."""

from bot.render.text import plain
from tests.stage import ADMIN_IN_GROUP, ANN, GROUP
from tests.world import scripted

RULES = [f"/alert btc > {level}" for level in (101, 102, 103, 104, 105)]


async def test_a_burst_is_one_message_in_which_each_alert_has_its_number_value_time_and_code() -> None:
    async with scripted(btc=100) as world:
        for rule in RULES:
            await world.ask(rule)
        await world.say_at(5, btc=106)
        first, rest = world.alerts
        assert first.text.startswith("BTC is above $101\n")
        assert rest.text.startswith("4 alerts\n")
        entries = [line for line in rest.text.splitlines() if " at 09:00:05 UTC · #" in line]
        assert [line.split("#")[1][:1] for line in entries] == ["2", "3", "4", "5"]
        assert all(line.startswith("$106.00 at 09:00:05 UTC · #") for line in entries)
        codes = {line.rpartition(" ")[2] for line in entries}
        assert {len(code) for code in codes} == {6}
        assert len(codes) == 4
        for level in (102, 103, 104, 105):
            assert f"\nBTC is above ${level}\n" in rest.text


async def test_when_the_whole_market_moves_no_more_than_three_messages_come_before_the_summary() -> None:
    async with scripted(btc=100, eth=10, sol=5, doge=1) as world:
        for rule in ("btc < 99", "btc < 98", "eth < 9.9", "eth < 9.8", "sol < 4.9", "sol < 4.8", "doge < 0.98"):
            assert "is set" in await world.ask(f"/alert {rule} here", ADMIN_IN_GROUP)
        await world.say_at(5, btc=95, eth=9.5, sol=4.75, doge=0.95)
        await world.at(16)
        texts = [each.text for each in world.alerts if each.delivery.place.chat_id == GROUP]
        assert len(texts) <= 4
        told = "\n".join(texts)
        assert [told.count(f"{coin} is below") for coin in ("BTC", "ETH", "SOL", "DOGE")] == [2, 2, 2, 1]


async def test_buttons_of_a_summary_lead_to_the_alerts() -> None:
    async with scripted(btc=100) as world:
        for rule in RULES:
            await world.ask(rule)
        await world.say_at(5, btc=106)
        await world.ask("/alert btc > 200")
        listed = await world.press(world.alerts[1].reply, "My alerts", ANN)
        assert "#6 BTC is above $200" in plain(listed)

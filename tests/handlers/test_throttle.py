"""How often one person may ask, and that nobody else notices."""

from tests.stage import ANN, ANN_IN_GROUP, BEN
from tests.world import World, scripted

SLOW = "Slow down: 20 commands a minute at most. Try again in 3 s."


async def silent(world: World, words: str) -> bool:
    """Type something that may get no answer; say whether it got none, and was finished all the same."""
    receipt = world.next_receipt()
    await world.app.conversation.receive([(receipt, ANN.user, "{}")])
    before = len(world.sender.told)
    answer = await world.app.conversation.answer_line(words, await world.caller(ANN), receipt, str(receipt.update_id))
    await world.rest()
    return answer is None and len(world.sender.told) == before


async def test_ten_at_once_then_told_once_then_silence() -> None:
    async with scripted(btc=100, commands_per_minute=20) as world:
        for _ in range(10):
            assert "$100" in await world.ask("/price btc")
        assert await world.ask("/price btc") == SLOW
        assert await silent(world, "/price btc")
        assert await silent(world, "/alert btc > 200")
        assert await world.app.conversation.unanswered("telegram", 7) == ()
        assert "No alerts yet" in await world.ask("/alerts", BEN)


async def test_changes_plain_words_and_groups_count_alike() -> None:
    async with scripted(btc=100, commands_per_minute=20) as world:
        for level in range(101, 105):
            assert "is set" in await world.ask(f"/alert btc > {level}")
        for _ in range(3):
            await world.ask("btc")
            await world.ask("/price btc", ANN_IN_GROUP)
        assert await world.ask("btc", ANN_IN_GROUP) == SLOW


async def test_after_a_rest_one_more_every_three_seconds() -> None:
    async with scripted(btc=100, commands_per_minute=20) as world:
        for _ in range(10):
            await world.ask("/price btc")
        assert await world.ask("/price btc") == SLOW
        await world.at(3)
        assert "$100" in await world.ask("/price btc")
        assert await world.ask("/price btc") == SLOW
        await world.at(60)
        for _ in range(10):
            assert "$100" in await world.ask("/price btc")


async def test_the_limit_is_shown() -> None:
    async with scripted(btc=100, commands_per_minute=20) as world:
        assert "At most 20 commands a minute, 10 at once." in await world.ask("/settings")

"""A person's own list of coins, through the front door."""

from pathlib import Path

import pytest

from services import watchlist
from services.domain.known_coins import KNOWN_COINS
from tests.handlers.transcripts import transcript
from tests.stage import ANN, ANN_IN_GROUP, BEN, Seat
from tests.world import World, scripted, simulated


async def listed(world: World, who: Seat = ANN) -> tuple[str, ...]:
    caller = await world.caller(who)
    return await world.app.store.read(lambda tx: watchlist.coins(tx, caller.person))


async def test_it_keeps_the_order_in_which_coins_came_and_each_once() -> None:
    async with simulated() as world:
        assert "Added: SOL, BTC." in await world.ask("/watch sol btc sol")
        said = await world.ask("/watch add eth btc")
        assert "Added: ETH." in said
        assert "There already: BTC." in said
        assert await listed(world) == ("solana", "bitcoin", "ethereum")


async def test_a_list_is_one_persons_wherever_they_ask() -> None:
    async with simulated() as world:
        assert (await world.reply("/watch btc")).private
        in_group = await world.reply("/watch", ANN_IN_GROUP)
        assert in_group.private
        assert [row.cells[0] for row in in_group.card.table] == ["1 BTC"]
        assert "empty" in await world.ask("/watch", BEN)


async def test_a_list_survives_a_restart(tmp_path: Path) -> None:
    async with scripted(tmp_path, btc=99, eth=10) as world:
        await world.ask("/watch eth btc")
    async with scripted(tmp_path, at=60, btc=101, eth=11) as world:
        said = await world.ask("/watch")
        assert "1 ETH" in said
        assert "$101.00" in said


async def test_a_number_is_the_place_in_the_list_and_a_button_means_its_coin() -> None:
    async with simulated() as world:
        shown = await world.reply("/watch btc eth sol")
        assert "Removed: ETH." in await world.ask("/watch remove #2")
        await world.press(shown, "✕ 2")  # ETH, as it was when the button was drawn
        assert await listed(world) == ("bitcoin", "solana")
        undo = await world.reply("/watch remove btc 2")
        assert await listed(world) == ()
        await world.press(undo, "Undo")
        assert await listed(world) == ("bitcoin", "solana")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/watch remove doge", "DOGE is not on your watchlist. /watch shows it."),
        ("/watch remove 3", "There is no coin 3 on your watchlist. /watch shows it."),
        ("/watch remove eth 0", "There is no coin 0 on your watchlist. /watch shows it."),
        ("/watch remove eth doge", "DOGE is not on your watchlist. /watch shows it."),
        ("/watch sol bitcon", "Did you mean"),
        ("/watch remove btc bitcon", "Did you mean"),
        ("/watch remove", "«coin» is missing. Write /watch remove coin…."),
        ("/watch clear now", "does not fit here. Write /watch clear [ask|yes]."),
    ],
)
async def test_what_is_refused_changes_nothing(line: str, sentence: str) -> None:
    async with simulated() as world:
        await world.ask("/watch btc eth")
        assert sentence in await world.ask(line)
        assert await listed(world) == ("bitcoin", "ethereum")


async def test_it_holds_fifty_and_one_more_adds_none() -> None:
    ids = [coin.id for coin in KNOWN_COINS]
    async with simulated() as world:
        for start in range(0, 48, 12):
            await world.ask(" ".join(("/watch", *ids[start : start + 12])))
        assert len(await listed(world)) == 48
        said = await world.ask(" ".join(("/watch", *ids[48:51])))
        assert "A watchlist holds 50 coins, and yours has 48." in said
        assert len(await listed(world)) == 48
        await world.ask(" ".join(("/watch", *ids[47:50])))
        assert await listed(world) == tuple(ids[:50])
        shown = await world.reply("/watch")
        assert len(shown.card.table) == 50
        assert sum(map(len, shown.buttons)) <= 25
        assert len(shown.buttons) <= 5


async def test_clearing_asks_first() -> None:
    async with simulated() as world:
        await world.ask("/watch btc eth")
        asked = await world.reply("/watch clear")
        assert await listed(world) == ("bitcoin", "ethereum")
        await world.press(asked, "Clear it")
        assert await listed(world) == ()


async def test_a_coin_without_a_price_stays_on_the_list() -> None:
    async with scripted(btc=99) as world:
        said = await world.ask("/watch sand btc")
        assert "no price" in said
        assert "$99.00" in said
        assert await listed(world) == ("the-sandbox", "bitcoin")


async def test_plain_words_open_it() -> None:
    async with simulated() as world:
        assert "Added: BTC." in await world.ask("watch btc")


async def test_export_has_it_and_forget_ends_it() -> None:
    async with simulated() as world:
        await world.ask("/watch btc")
        assert "Watchlist\nbitcoin" in await world.ask("/export")
        await transcript(world, ("/forget yes",))
        assert "watch" not in {row.partition(" ")[0] for row in (await world.dump()).splitlines()}

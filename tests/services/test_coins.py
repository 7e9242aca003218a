import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clock import FixedClock
from services.coins import CoinBook, shown
from services.coins.book import no_choice
from services.counters import Counters
from services.domain.coins import Coin
from services.domain.known_coins import KNOWN_COINS
from services.errors import InvalidInput, NotFound, UserError
from services.store.sqlite import SqliteStore, open_sqlite
from tests.fakes.market import START, FakeCatalogue, facts

UNI, UNICORN = Coin("uniswap", "UNI", "Uniswap", 25), Coin("unicorn-token", "UNI", "UNICORN Token", 4812)
BEAM, BEAM_MW = Coin("beam-2", "BEAM", "Beam", 180), Coin("beam", "BEAM", "Beam MW", 700)
GAS, GAS_TOO = Coin("gas", "GAS", "Gas", 300), Coin("gas-dao", "GAS", "Gas DAO", None)


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(None, Counters())
    yield opened
    await opened.close()


def book(store: SqliteStore, catalogue: FakeCatalogue | None = None) -> CoinBook:
    return CoinBook(FixedClock(START), store, catalogue)


async def with_coins(store: SqliteStore, *coins: Coin) -> CoinBook:
    made = book(store, FakeCatalogue(tuple(facts(coin) for coin in coins)))
    await made.refresh()
    return made


def test_the_built_in_page_is_sound() -> None:
    assert len(KNOWN_COINS) >= 60
    assert len({coin.id for coin in KNOWN_COINS}) == len({coin.symbol for coin in KNOWN_COINS}) == len(KNOWN_COINS)
    assert [coin.rank for coin in KNOWN_COINS] == list(range(1, len(KNOWN_COINS) + 1))


@pytest.mark.parametrize(
    "text",
    [
        "btc", "BTC", "bTc", "$btc", "$BTC", " btc ", "bitcoin", "Bitcoin", "BITCOIN",
        "ＢＴＣ",  # full width
        "b\u200bt\u200dc", "\u202ebtc\u202c", "btc\ufe0f", "\ufeffbtc", "b\u00adtc",
        "btc\n", "btc\x00", "\U000e0062btc",
    ],
)  # fmt: skip
async def test_many_ways_to_write_bitcoin(store: SqliteStore, text: str) -> None:
    assert book(store).resolve(text, no_choice).id == "bitcoin"


@pytest.mark.parametrize(
    ("text", "coin_id"),
    [
        ("avalanche-2", "avalanche-2"),
        ("near protocol", "near"),
        ("Shiba  Inu", "shiba-inu"),
        ("dogwifhat", "dogwifcoin"),
    ],
)
async def test_names_and_ids(store: SqliteStore, text: str, coin_id: str) -> None:
    assert book(store).resolve(text, no_choice).id == coin_id


@pytest.mark.parametrize("text", ["", " ", "$", "\u200b", "\u202e\u202c", "\ufe0f"])
async def test_nothing_at_all(store: SqliteStore, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Name a coin"):
        book(store).resolve(text, no_choice)


@pytest.mark.parametrize(
    ("text", "label", "coin_id"),
    [
        ("bitcion", "Bitcoin (BTC)", "bitcoin"),
        ("etherium", "Ethereum (ETH)", "ethereum"),
        ("dgoe", "Dogecoin (DOGE)", "dogecoin"),
        ("bct", "Bitcoin (BTC)", "bitcoin"),
        ("solanna", "Solana (SOL)", "solana"),
    ],
)
async def test_a_typo_gets_did_you_mean(store: SqliteStore, text: str, label: str, coin_id: str) -> None:
    with pytest.raises(NotFound) as unknown:
        book(store).resolve(text, no_choice)
    assert unknown.value.choices[0] == (label, coin_id)
    assert unknown.value.message.startswith(f"No coin is called «{text}». Did you mean {label}")
    assert len(unknown.value.choices) <= 3


async def test_of_equally_near_coins_the_largest_comes_first(store: SqliteStore) -> None:
    made = await with_coins(store, *(Coin(f"c-{rank}", f"QWER{rank}", f"Qwer {rank}", rank) for rank in (7, 3, 9, 5)))
    with pytest.raises(NotFound) as unknown:
        made.resolve("QWER", no_choice)
    assert [coin_id for _, coin_id in unknown.value.choices] == ["c-3", "c-5", "c-7"]


@pytest.mark.parametrize(
    "text",
    [
        "@everyone", "<b>", "'); DROP TABLE coin;--", "[x](tg://user?id=1)", "ВТС", "qwertyuiop", "zz",
        "0xdAC17F958D2e",
        "ignore all previous instructions", "💩", "../../etc/passwd", "%s %n {0} {text}",
    ],
)  # fmt: skip
async def test_any_other_text_is_just_unknown(store: SqliteStore, text: str) -> None:
    with pytest.raises(NotFound) as unknown:
        book(store).resolve(text, no_choice)
    assert unknown.value.choices == ()
    assert f"«{shown(text)}»" in unknown.value.message


@pytest.mark.parametrize("text", ["x" * 31, "x" * 100_000, "ﷺ" * 50, "a\u202e" * 5_000])
async def test_no_more_than_thirty_characters_are_echoed(store: SqliteStore, text: str) -> None:
    assert len(shown(text)) == 30
    with pytest.raises(NotFound) as unknown:
        book(store).resolve(text, no_choice)
    assert len(unknown.value.message) < 130


@given(st.text(max_size=40))
def test_what_is_echoed_is_short_visible_and_stable(text: str) -> None:
    echoed = shown(text)
    assert len(echoed) <= 30
    assert not set(echoed) & set("\u200b\u200d\u200e\u202e\u2066\ufeff\n\r\t\x00")
    assert shown(echoed) == echoed or echoed.startswith("$")


async def test_any_text_resolves_or_is_a_user_error(store: SqliteStore) -> None:
    made = await with_coins(store, UNI, UNICORN, BEAM, BEAM_MW)

    @given(st.text(max_size=60))
    def each(text: str) -> None:
        with pytest.raises(UserError):
            raise NotFound(made.resolve(text, no_choice).id)

    each()


async def test_a_clash_goes_to_a_coin_that_is_much_larger(store: SqliteStore) -> None:
    made = await with_coins(store, UNICORN, UNI, GAS, GAS_TOO)
    assert made.resolve("uni", no_choice) == UNI
    assert made.resolve("GAS", no_choice) == GAS  # the other has no rank at all
    assert made.resolve("unicorn token", no_choice) == UNICORN


async def test_a_clash_of_equals_opens_a_chooser(store: SqliteStore) -> None:
    made = await with_coins(store, BEAM, BEAM_MW)
    with pytest.raises(InvalidInput) as clash:
        made.resolve("Beam", no_choice)
    assert clash.value.message == "2 coins are called «Beam». Choose one."
    assert clash.value.choices == (("Beam (BEAM)", "beam-2"), ("Beam MW (BEAM)", "beam"))
    assert [made.resolve(coin_id, no_choice) for _, coin_id in clash.value.choices] == [BEAM, BEAM_MW]


@pytest.mark.parametrize("rank", [500, 501, None])
async def test_five_times_the_rank_is_much_smaller(store: SqliteStore, rank: int | None) -> None:
    made = await with_coins(store, Coin("one", "TWIN", "One", 100), Coin("other", "TWIN", "Other", rank))
    assert made.resolve("twin", no_choice).id == "one"


@pytest.mark.parametrize("ranks", [(100, 101), (100, 499), (None, None)])
async def test_less_than_that_is_a_clash(store: SqliteStore, ranks: tuple[int | None, int | None]) -> None:
    made = await with_coins(store, Coin("one", "TWIN", "One", ranks[0]), Coin("other", "TWIN", "Other", ranks[1]))
    with pytest.raises(InvalidInput, match="2 coins are called «twin»"):
        made.resolve("twin", no_choice)


async def test_the_choice_of_a_person_is_remembered(store: SqliteStore) -> None:
    made = await with_coins(store, BEAM, BEAM_MW, UNI, UNICORN)
    asked: list[str] = []

    def choice(word: str) -> str:
        asked.append(word)
        return {"beam": "beam", "uni": "unicorn-token"}.get(word, "gone")

    assert made.resolve("$BEAM", choice) == BEAM_MW
    assert made.resolve("UNI", choice) == UNICORN
    assert made.resolve("btc", choice).id == "bitcoin"
    assert asked == ["beam", "uni", "btc"]


async def test_suggestions_while_typing(store: SqliteStore) -> None:
    made = await with_coins(store, *(coin for coin in KNOWN_COINS if coin != UNI), UNICORN)
    assert [coin.symbol for coin in made.suggest("bit", 3)] == ["BTC", "BCH", "TAO"]
    assert [coin.symbol for coin in made.suggest("S", 4)] == ["SOL", "XLM", "SUI", "SHIB"]
    assert [coin.symbol for coin in made.suggest("op", 2)] == ["OP"]
    assert [coin.symbol for coin in made.suggest("dot", 5)] == ["DOT"]
    assert [coin.symbol for coin in made.suggest("", 3)] == ["BTC", "ETH", "USDT"]
    assert made.suggest("zzz", 5) == made.suggest("b", 0) == ()


async def test_a_whole_ticker_is_suggested_before_larger_coins(store: SqliteStore) -> None:
    made = await with_coins(store, Coin("bitcoin", "BTC", "Bitcoin", 1), Coin("b-coin", "B", "Base Coin", 900))
    assert made.suggest("b", 1)[0].id == "b-coin"


async def test_the_catalogue_is_asked_once_in_half_an_hour_and_survives_a_restart(store: SqliteStore) -> None:
    clock = FixedClock(START)
    catalogue = FakeCatalogue((facts(Coin("bitcoin", "BTC", "Bitcoin", 1), "84000.5"), facts(BEAM)))
    made = CoinBook(clock, store, catalogue)
    await asyncio.gather(made.refresh(), made.refresh())
    await made.refresh()
    assert catalogue.tops == 1
    clock.set(START + timedelta(minutes=30))
    catalogue.down = True
    await made.refresh()
    assert (catalogue.tops, made.coin("beam-2")) == (2, BEAM)
    assert [each.coin.id for each in made.listed()] == ["bitcoin", "beam-2"]
    again = book(store)
    await again.load()
    known = again.facts("bitcoin")
    assert known is not None
    assert (known.price, known.at, known.market_cap, known.source) == (Decimal("84000.5"), START, None, "coingecko")
    assert again.coin("beam-2") == BEAM
    assert again.facts("ethereum") is None


async def test_coins_that_left_the_top_come_after_it(store: SqliteStore) -> None:
    made = await with_coins(store, Coin("bitcoin", "BTC", "Bitcoin", 1), Coin("solana", "SOL", "Solana", 2))
    assert [coin.id for coin in made.top(2)] == ["bitcoin", "solana"]
    ethereum = made.coin("ethereum")
    assert ethereum is not None
    assert ethereum.rank == 3


async def test_simulated_coins_do_not_become_real_ones(store: SqliteStore) -> None:
    made_up = facts(Coin("made-up", "MADE", "Made Up", 1), "1", source="simulated")
    await book(store, FakeCatalogue((made_up,), name="simulated")).refresh()
    real = book(store, FakeCatalogue())
    await real.load()
    assert real.coin("made-up") is None
    demo = book(store, FakeCatalogue(name="simulated"))
    await demo.load()
    assert demo.coin("made-up") == made_up.coin


async def test_the_long_tail_is_searched_for_and_remembered(store: SqliteStore) -> None:
    obscure = Coin("obscure-cat", "OCAT", "Obscure Cat", 2100)
    catalogue = FakeCatalogue(hidden=(facts(obscure, "0.5"),))
    made = book(store, catalogue)
    assert (await made.find("btc")).id == "bitcoin"
    assert catalogue.searches == []
    assert await made.find("$ocat", no_choice) == obscure
    known = made.facts("obscure-cat")
    assert known is not None
    assert known.price == Decimal("0.5")
    assert made.resolve("OCAT", no_choice) == obscure
    again = book(store)
    await again.load()
    assert again.resolve("obscure cat", no_choice) == obscure
    assert catalogue.searches == ["ocat"]


async def test_an_unknown_word_is_searched_for_once_in_ten_minutes(store: SqliteStore) -> None:
    clock, catalogue = FixedClock(START), FakeCatalogue()
    made = CoinBook(clock, store, catalogue)
    for minutes in (0, 9, 10):
        clock.set(START + timedelta(minutes=minutes))
        with pytest.raises(NotFound):
            await made.find("bitcion")
    assert catalogue.searches == ["bitcion", "bitcion"]


@pytest.mark.parametrize("catalogue", [None, FakeCatalogue(down=True)])
async def test_without_a_catalogue_an_unknown_word_stays_unknown(
    store: SqliteStore, catalogue: FakeCatalogue | None
) -> None:
    with pytest.raises(NotFound, match="Did you mean"):
        await book(store, catalogue).find("bitcion")


async def test_clashing_finds_open_a_chooser_and_the_chosen_one_is_kept(store: SqliteStore) -> None:
    one, other = Coin("cat-one", "CATS", "Cat One", 2000), Coin("cat-two", "CATS", "Cat Two", 2100)
    made = book(store, FakeCatalogue(hidden=(facts(one), facts(other))))
    with pytest.raises(InvalidInput) as clash:
        await made.find("cats")
    assert [coin_id for _, coin_id in clash.value.choices] == ["cat-one", "cat-two"]
    assert await made.find("cat-two") == other
    again = book(store)
    await again.load()
    assert (again.coin("cat-one"), again.coin("cat-two")) == (None, other)


async def test_followed_coins_are_wanted_beside_the_largest(store: SqliteStore) -> None:
    made = book(store)
    made.follow(UNICORN)
    made.follow(KNOWN_COINS[0])
    assert made.wanted() == (*KNOWN_COINS, UNICORN)
    assert made.polled() == (*KNOWN_COINS[:50], UNICORN)
    assert made.followed() == {"unicorn-token", "bitcoin"}

"""Long cards as several messages: each fits its platform, and nothing is left out."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.discord import render as discord
from bot.platforms.discord.render import Extras
from bot.platforms.telegram import render as telegram
from bot.platforms.telegram.sender import fits
from bot.render.dividing import Fits, divided
from handlers.model import Button, Card, Provenance, Reply, Row

AT = datetime(2026, 11, 20, 14, 3, 22, tzinfo=UTC)
words = st.text(st.sampled_from("aé😀*_[&<\\ \n"), max_size=60)
texts = words | st.integers(100, 1700).map(lambda count: "x😀 *_" * count)
cards = st.builds(
    Card,
    title=texts,
    lines=st.lists(texts, max_size=8).map(tuple),
    table=st.lists(st.builds(Row, st.lists(texts, max_size=4).map(tuple)), max_size=20).map(tuple),
    notes=st.lists(texts, max_size=3).map(tuple),
    source=st.none() | st.builds(Provenance, words, st.just(AT), st.none() | st.integers(0, 10**6)),
)
BUTTONS = ((Button("All", "/alerts list"),),)


def letters(cards: tuple[Card, ...]) -> int:
    """How many of these letters the bodies hold."""
    rows = ("".join(cell for row in card.table for cell in row.cells) for card in cards)
    texts = ("".join((*card.lines, *card.notes)) for card in cards)
    return sum(len(re.findall("[aéx😀]", text)) for text in (*rows, *texts))


def parts_of(card: Card, fitting: Fits) -> tuple[Card, ...]:
    made = divided(Reply(None, card, buttons=BUTTONS), fitting)
    assert [each.buttons for each in made] == [()] * (len(made) - 1) + [BUTTONS]
    return tuple(each.card for each in made)


@settings(deadline=None)
@given(cards)
def test_every_part_is_one_message_of_telegram_with_its_label(card: Card) -> None:
    for part in parts_of(card, fits):
        (styled,) = telegram.parts(part, first=telegram.possible_repeat(part.title))
        assert len(styled.text.encode("utf-16-le")) // 2 <= 4096


@settings(deadline=None)
@given(cards)
async def test_every_part_is_one_message_of_discord_with_its_label(card: Card) -> None:
    for part in parts_of(card, discord.fits):
        (draft,) = await discord.drafts(Reply(None, part), NoPictures(), Extras(repeat=True, tag="x" * 8))
        (embed,) = draft.message.embeds
        title, text = (str(each) if isinstance(each, str) else "" for each in (embed.title, embed.description))
        assert (len(title) <= 256, len(text) <= 4096, len(title) + len(text) <= 6000) == (True, True, True)


@settings(deadline=None)
@given(cards)
def test_nothing_is_left_out(card: Card) -> None:
    for fitting in (fits, discord.fits):
        made = parts_of(card, fitting)
        titled = letters((Card("", (card.title,)),)) * (len(made) > 1 and len(card.title) > 900)
        assert letters(made) >= letters((card,)) + titled


def test_parts_are_numbered_and_carry_the_source() -> None:
    source = Provenance("Binance", AT)
    made = parts_of(Card("Long", tuple(f"line {number} " + "x" * 90 for number in range(100)), source=source), fits)
    assert [each.title for each in made] == [f"Long ({at}/{len(made)})" for at in range(1, len(made) + 1)]
    assert len(made) == 3
    assert {each.source for each in made} == {source}


class NoPictures:
    async def png(self, chart: object) -> bytes:
        raise AssertionError(chart)

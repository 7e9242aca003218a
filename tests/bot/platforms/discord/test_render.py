"""What cards look like, and that no words whatever break Discord's limits or say more than they show."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord import render, text
from bot.platforms.discord.wire import Message
from handlers.model import Button, Card, Provenance, Reply, Row
from tests.bot.platforms.discord.talk import Easel
from tests.bot.render.samples import chart

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FULL = Card(
    title="Bitcoin",
    lines=("100,000 USD", "+1.5 % today"),
    table=(Row(("Coin", "Price", "24h")), Row(("BTC", "100,000", "+1.5 %")), Row(("ETH", "4,000", "-12.0 %"))),
    notes=("One source of three.",),
    source=Provenance("Coinbase", AT),
    tone="up",
    marks=("SIMULATED", "STALE"),
)


async def shown(card: Card, extras: render.Extras | None = None) -> tuple[Message, ...]:
    drafts = await render.drafts(Reply(None, card), Easel(), extras or render.Extras())
    return tuple(draft.message for draft in drafts)


async def test_a_full_card() -> None:
    (message,) = await shown(FULL)
    (embed,) = message.embeds
    assert embed.title == "Bitcoin"
    assert str(embed.description).splitlines() == [
        "**⚠ SIMULATED · STALE**",
        "100,000 USD",
        "+1.5 % today",
        "```",
        "Coin    Price      24h",
        "BTC   100,000   +1.5 %",
        "ETH     4,000  -12.0 %",
        "```",
        "-# One source of three.",
        "-# Coinbase · <t:1767323045:R>",
    ]


async def test_an_abnormal_age_is_said_with_its_date() -> None:
    source = Provenance("Coinbase", AT, age_seconds=900)
    (message,) = await shown(replace(FULL, source=source))
    assert str(message.embeds[0].description).endswith("-# Coinbase · <t:1767323045:f> · **<t:1767323045:R>**")


async def test_each_tone_has_words_of_its_own_color_only() -> None:
    colors = {
        tone: (await shown(replace(FULL, tone=tone)))[0].embeds[0] for tone in ("up", "down", "neutral", "warning")
    }
    assert len({embed.color for embed in colors.values()}) == 4
    assert len({embed.description for embed in colors.values()}) == 1


@pytest.mark.parametrize(
    ("foreign", "harmless"),
    [
        ("@everyone", "@\u200beveryone"),
        ("<@123456789012345678>", "\\<@\u200b123456789012345678>"),
        ("<t:1:R>", "\\<t:1:R>"),
        ("**bold** _it_ ~~no~~", "\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("> quote", "\\> quote"),
        ("[tap](https://evil.example)", "\\[tap](https:\\/\\/evil.example)"),
        ("||spoiler||", "\\|\\|spoiler\\|\\|"),
        ("gpj\u202etxt.exe\u200b\u2066", "gpjtxt.exe"),
        ("a\nb", "a b"),
    ],
)
def test_foreign_words_are_shown_as_they_are(foreign: str, harmless: str) -> None:
    assert text.plain(foreign) == harmless


async def test_a_table_cannot_be_ended_by_what_is_in_it() -> None:
    (message,) = await shown(replace(FULL, table=(Row(("```@everyone", "1")),)))
    description = str(message.embeds[0].description)
    assert description.count("```") == 2
    assert "'''@everyone" in description


async def test_a_title_that_is_too_long_is_not_cut() -> None:
    (message,) = await shown(Card("long " * 80))
    assert str(message.embeds[0].description).count("long") == 80
    assert not isinstance(message.embeds[0].title, str)


async def test_a_message_without_buttons_carries_its_tag() -> None:
    (message,) = await shown(FULL, render.Extras(tag="abcdefgh"))
    assert str(message.embeds[0].description).endswith(" · abcdefgh")


def test_buttons_are_cut_to_what_fits() -> None:
    buttons = tuple(tuple(Button(f"{'l' * 90}{n}", "/price btc") for n in range(7)) for _ in range(6))
    offered = tuple(
        tuple((button.label, f"v1.{row}{at}") for at, button in enumerate(line)) for row, line in enumerate(buttons)
    )
    made = render.rows(offered, Reply(None, FULL, buttons=buttons), lambda _line, ref: ref)
    assert [len(row.components) for row in made] == [5] * 5
    assert {len(each.label) for row in made for each in row.components} == {80}


async def test_the_picture_is_in_the_first_part_and_the_buttons_below_the_last() -> None:
    lines = tuple(f"{n} {'x' * 90}" for n in range(100))
    rows = render.rows(
        ((("Go", "v1.1"),),), Reply(None, FULL, buttons=((Button("Go", "/price btc"),),)), lambda _, ref: ref
    )
    reply = Reply(None, Card("Chart", lines), chart=chart())
    drafts = await render.drafts(reply, Easel(), render.Extras(rows))
    assert [draft.png is not None for draft in drafts] == [True, False, False]
    assert [len(draft.message.components) for draft in drafts] == [0, 0, 1]
    assert len(drafts[0].message.attachments[0].description) <= 1024


WORDS = st.text(alphabet=st.characters(codec="utf-8"), max_size=3000)


@given(
    title=WORDS, lines=st.lists(WORDS, max_size=6), cells=st.lists(WORDS, max_size=6), notes=st.lists(WORDS, max_size=2)
)
def test_whatever_is_said_fits(title: str, lines: list[str], cells: list[str], notes: list[str]) -> None:
    card = Card(title, tuple(lines), tuple(Row((cell, "1")) for cell in cells), tuple(notes), Provenance("x", AT))
    reply: Reply[object] = Reply(None, card)
    for draft in render.plain_drafts(reply, render.Extras(tag="abcdefgh")):
        assert 0 < text.units(draft.message.content) <= 2000
    pages = text.pages(render._parts(card, render.Extras()), 4096)
    for page in pages:
        assert text.units(page) <= 4096
        assert page.count("```") % 2 == 0
    assert not re.search(r"(?<!\\)<[@#]|@everyone|@here", "".join(pages))


@given(
    st.lists(st.tuples(st.text("ab \\*", min_size=1, max_size=300), st.booleans()), max_size=20), st.integers(40, 400)
)
def test_nothing_is_lost_between_pages(parts: list[tuple[str, bool]], most: int) -> None:
    pages = text.pages(parts, most)
    kept = re.sub(r"[\s`]", "", "".join(pages))
    assert kept == re.sub(r"\s", "", "".join(words for words, _ in parts))
    assert all(text.units(page) <= most for page in pages)

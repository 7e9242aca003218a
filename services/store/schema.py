"""Every table. Times are integer microseconds since the epoch, money is text, absent is NULL, a flag is 0 or 1."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

HEAD = "0004"
"""The newest migration; a test holds it against the migrations folder."""


def _id() -> Column[int]:
    # SQLite numbers rows by itself only for the exact type INTEGER.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _flag(name: str, default: int = 0) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(str(default)))


person = Table(
    "person",
    metadata,
    _id(),
    Column("created_at", BigInteger, nullable=False),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("currency", Text, nullable=False, server_default="usd"),
    Column("numbers", Text),  # NULL: not chosen yet
)

account = Table(
    "account",
    metadata,
    _id(),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("platform", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    UniqueConstraint("platform", "user_id"),
)

chat = Table(
    "chat",
    metadata,
    _id(),
    Column("platform", Text, nullable=False),
    Column("bot_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread", BigInteger, nullable=False, server_default=text("0")),  # 0: no topic
    Column("private_to", ForeignKey("person.id"), index=True),  # whose private chat this is
    Column("parked_at", BigInteger),  # refusals began; nothing is deleted for a refusal
    Column("parked_reason", Text),
    UniqueConstraint("platform", "bot_id", "chat_id", "thread"),
)

destination = Table(
    "destination",
    metadata,
    _id(),
    Column("chat_id", ForeignKey("chat.id"), unique=True),
    Column("person_id", ForeignKey("person.id"), unique=True),  # wherever this person can be reached
)

alert = Table(
    "alert",
    metadata,
    _id(),
    Column("owner_person", ForeignKey("person.id")),
    Column("owner_chat", ForeignKey("chat.id")),
    Column("number", Integer, nullable=False),  # "#12", counted per owner
    Column("destination_id", ForeignKey("destination.id"), nullable=False, index=True),
    Column("rule", Text, nullable=False),  # canonical text; the conditions are its parsed form
    Column("currency", Text, nullable=False),
    Column("repeat", Text, nullable=False, server_default="once"),
    Column("cooldown_seconds", Integer),
    Column("band", Text),
    Column("hold_seconds", Integer),
    Column("loudness", Text, nullable=False, server_default="normal"),
    Column("note", Text),
    Column("state", Text, nullable=False, server_default="ok"),
    Column("episode", Integer, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("snoozed_until", BigInteger),
    Column("deleted_at", BigInteger),
    Column("shape", Text),  # how several conditions are joined, by their positions: "(0|1)&2"
    Column("due_at", BigInteger),  # the rule is true and is told then if it still is
    UniqueConstraint("owner_person", "number"),
    UniqueConstraint("owner_chat", "number"),
    Index("alert_snoozed", "snoozed_until"),
    Index("alert_expiring", "expires_at"),
    Index("alert_due", "due_at", sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
)

condition = Table(
    "condition",
    metadata,
    Column("alert_id", ForeignKey("alert.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("metric", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("level", Text, nullable=False),
    _flag("armed"),
    _flag("repeats"),
    _flag("live"),  # 1 while the alert is neither paused, snoozed, ended nor deleted
    Column("last_value", Text),
    Column("last_at", BigInteger),
    Column("way", Integer, nullable=False, server_default=text("0")),  # 1 or -1: the way to where `armed` changes
    Column("edge", Double, nullable=False, server_default=text("0")),  # where that is, rounded so that no hit is missed
    Index("condition_live", "metric", sqlite_where=text("live = 1"), postgresql_where=text("live = 1")),
)

event = Table(
    "event",
    metadata,
    _id(),
    Column("alert_id", ForeignKey("alert.id"), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("code", Text, nullable=False, unique=True),  # six Crockford characters
    Column("metric", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("at", BigInteger, nullable=False),  # when it became true, by the source
    Column("seen_at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("basis", Text, nullable=False),
    _flag("disputed"),
    UniqueConstraint("alert_id", "episode"),
)

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),  # "event 7 to 3 part 0": the nonce is made of it
    Column("kind", Text, nullable=False),  # alert, reply or notice
    Column("event_id", ForeignKey("event.id"), index=True),
    Column("destination_id", ForeignKey("destination.id"), index=True),
    Column("chat_id", ForeignKey("chat.id"), nullable=False, index=True),
    Column("answers", Text),  # for a reply: the message or interaction that it answers
    Column("card", Text),  # for a reply: the card as JSON; an alert's card is drawn from its event when it is sent
    Column("state", Text, nullable=False, server_default="pending"),
    Column("urgency", Integer, nullable=False),  # 0 goes first
    Column("not_before", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("unknowns", Integer, nullable=False, server_default=text("0")),  # attempts whose outcome nobody knows
    Column("intended_at", BigInteger),
    Column("first_intended_at", BigInteger),
    Column("message_id", BigInteger),
    Column("reason", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("lead_id", BigInteger),  # the delivery in whose message this one is told; the leading one names itself
    Index(
        "delivery_together",
        "lead_id",
        sqlite_where=text("lead_id IS NOT NULL"),
        postgresql_where=text("lead_id IS NOT NULL"),
    ),
    Index(
        "delivery_due",
        "not_before",
        "id",
        sqlite_where=text("state IN ('pending', 'sending', 'unknown')"),
        postgresql_where=text("state IN ('pending', 'sending', 'unknown')"),
    ),
)

inbox = Table(
    "inbox",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("bot_id", BigInteger, primary_key=True),
    Column("update_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger),
    Column("body", Text),  # emptied when done: only the number is needed to know a repeat
    Column("state", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("inbox_open", "received_at", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
    Index("inbox_age", "received_at"),
)

button = Table(
    "button",
    metadata,
    Column("ref", Text, primary_key=True),  # 80 random bits
    Column("line", Text, nullable=False),
    Column("person_id", ForeignKey("person.id"), index=True),  # who may press what changes something
    Column("chat_id", ForeignKey("chat.id"), nullable=False, index=True),
    _flag("changes"),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("used_at", BigInteger),
)

coin = Table(
    "coin",
    metadata,
    Column("id", Text, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rank", Integer),
    Column("source", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("price", Text),
    Column("market_cap", Text),
    Column("volume_24h", Text),
    Column("change_1h_pct", Text),
    Column("change_24h_pct", Text),
    Column("change_7d_pct", Text),
    Column("ath", Text),
    Column("ath_at", BigInteger),
    Column("supply", Text),
    Column("max_supply", Text),
)

choice = Table(
    "choice",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("word", Text, primary_key=True),
    Column("coin_id", Text, nullable=False),
)

watch = Table(
    "watch",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("coin", Text, primary_key=True),
    Column("position", Integer, nullable=False),
)

quote = Table(
    "quote",
    metadata,
    Column("coin", Text, primary_key=True),
    Column("price", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
)

candle = Table(
    "candle",
    metadata,
    Column("source", Text, primary_key=True),
    Column("coin", Text, primary_key=True),
    Column("interval", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("open", Text, nullable=False),
    Column("high", Text, nullable=False),
    Column("low", Text, nullable=False),
    Column("close", Text, nullable=False),
    Column("volume", Text, nullable=False),
    sqlite_with_rowid=False,
)

event_input = Table(
    "event_input",
    metadata,
    Column("event_id", ForeignKey("event.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("metric", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("value", Text),  # NULL: nobody knew it, and the rule did not need it
    Column("at", BigInteger),
)

login = Table(
    "login",
    metadata,
    _id(),
    Column("platform", Text, nullable=False),
    Column("bot_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),  # Discord resets the token of a bot that identifies too often
)

note = Table(
    "note",
    metadata,
    Column("name", Text, primary_key=True),  # single facts about this store, like the origin of its simulated market
    Column("value", Text, nullable=False),
)

"""Two rows of one chat become one: a group moved, and its new id was heard of before the move was."""

from sqlalchemy import Column, Table, Update, bindparam, delete, func, select, update

from services.store.columns import integer
from services.store.schema import alert, chat, destination, metadata
from services.tx import Tx


def _redirections(target: Table) -> list[Update]:
    # Read from the schema, so that a new table that points there is not forgotten.
    columns: list[Column[int]] = [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column.table is target for key in column.foreign_keys)
    ]
    return [
        update(column.table).where(column == bindparam("twin")).values({column.name: bindparam("kept")})
        for column in columns
        if column is not alert.c.owner_chat and column is not destination.c.chat_id  # unique for each chat
    ]


_CHAT_REDIRECTIONS = _redirections(chat)
_DESTINATION_REDIRECTIONS = _redirections(destination)
_DESTINATION = select(destination.c.id).where(destination.c.chat_id == bindparam("the_chat"))
_GIVE_DESTINATION = (
    update(destination).where(destination.c.chat_id == bindparam("twin")).values(chat_id=bindparam("kept"))
)
_ALERTS = select(alert.c.id).where(alert.c.owner_chat == bindparam("twin")).order_by(alert.c.number)
_LAST_NUMBER = select(func.coalesce(func.max(alert.c.number), 0)).where(alert.c.owner_chat == bindparam("kept"))
_GIVE_ALERT = (
    update(alert)
    .where(alert.c.id == bindparam("the_id"))
    .values(owner_chat=bindparam("kept"), number=bindparam("number"))
)
_DROP_CHAT = delete(chat).where(chat.c.id == bindparam("twin"))
_DROP_DESTINATION = delete(destination).where(destination.c.id == bindparam("twin"))


def merge_chats(tx: Tx, twin: int, kept: int) -> None:
    """Give everything of chat `twin` to chat `kept` and drop `twin`; its alerts get the next numbers."""
    both = {"twin": twin, "kept": kept}
    last = integer(tx.rows(_LAST_NUMBER, {"kept": kept})[0][0])
    for number, (alert_id,) in enumerate(tx.rows(_ALERTS, {"twin": twin}), last + 1):
        tx.run(_GIVE_ALERT, {"the_id": alert_id, "kept": kept, "number": number})
    theirs, ours = tx.rows(_DESTINATION, {"the_chat": twin}), tx.rows(_DESTINATION, {"the_chat": kept})
    if theirs and ours:
        destinations = {"twin": theirs[0][0], "kept": ours[0][0]}
        for redirection in _DESTINATION_REDIRECTIONS:
            tx.run(redirection, destinations)
        tx.run(_DROP_DESTINATION, {"twin": theirs[0][0]})
    else:
        tx.run(_GIVE_DESTINATION, both)
    for redirection in _CHAT_REDIRECTIONS:
        tx.run(redirection, both)
    tx.run(_DROP_CHAT, {"twin": twin})

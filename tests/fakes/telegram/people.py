"""What people do in the chats: type, press, edit, join, block, migrate."""

from collections.abc import Mapping
from dataclasses import replace

from .chats import member_json
from .entities import command_entities
from .model import Chat, JsonObject, Message, Standing, User
from .world import Query, World, chat_json, message_json, user_json


class People:
    """The human side of the fake; every action returns the id of the update it makes."""

    def __init__(self, world: World) -> None:
        self.world = world

    def message(
        self, user: User, text: str, *, chat: Chat | None = None, thread: int | None = None, reply_to: int | None = None
    ) -> int:
        """A person types; without a chat it is the private one, which unblocks nothing."""
        place = self._enter(user, chat)
        if thread is not None:
            self.world.topics.setdefault((place.id, thread), True)
        written = Message(
            chat_id=place.id,
            message_id=self.world.new_message_id(place),
            sender=user,
            at=self.world.now(),
            date=self.world.wall(),
            text=text,
            entities=command_entities(text),
            thread_id=thread,
            reply_to=reply_to,
        )
        self.world.messages[place.id, written.message_id] = written
        return self._tell("channel_post" if place.type == "channel" else "message", written)

    def edited_message(self, user: User, message_id: int, text: str, *, chat: Chat | None = None) -> int:
        """A person changes an own message."""
        place = self._enter(user, chat)
        before = self.world.messages[place.id, message_id]
        if before.sender.id != user.id:
            raise LookupError("People edit only what they wrote.")
        after = replace(before, text=text, entities=command_entities(text), edits=before.edits + 1)
        self.world.messages[place.id, message_id] = after
        return self._tell("edited_channel_post" if place.type == "channel" else "edited_message", after)

    def press(
        self, message: Message, user: User, label: str | None = None, *, data: str | None = None, forged: bool = False
    ) -> int:
        """Press the button with this label or data on the message as it stands now; `forged` sends any data."""
        current = self.world.messages.get((message.chat_id, message.message_id))
        if current is None and not forged:
            raise LookupError("The message is deleted, so nobody can press its buttons.")
        shown = current or message
        if not forged:
            data = _pressed(shown, label, data)
        self.world.users[user.id] = user
        query_id = self.world.serial("callback-")
        self.world.callbacks[query_id] = Query(user, self.world.now())
        query: JsonObject = {
            "id": query_id,
            "from": user_json(user),
            "message": message_json(self.world, shown),
            "chat_instance": str(shown.chat_id),
            "data": data,
        }
        return self.world.updates.add({"callback_query": query})

    def inline_query(self, user: User, query: str, *, offset: str = "") -> int:
        """A person types @bot and a query somewhere."""
        self.world.users[user.id] = user
        query_id = self.world.serial("inline-")
        self.world.inline[query_id] = Query(user, self.world.now())
        asked = {"id": query_id, "from": user_json(user), "query": query, "offset": offset}
        return self.world.updates.add({"inline_query": asked})

    def chosen_inline_result(self, user: User, result_id: str, query: str) -> int:
        """A person picks an inline result."""
        chosen = {"result_id": result_id, "from": user_json(user), "query": query}
        return self.world.updates.add({"chosen_inline_result": chosen})

    def my_chat_member(self, chat: Chat, user: User, standing: Standing) -> int:
        """A person changes what the bot may do in a chat: adds, promotes, restricts, removes or blocks it."""
        self.world.users[user.id] = user
        self.world.chats.setdefault(chat.id, chat)
        before = self.world.standings.get(chat.id, "left")
        self.world.standings[chat.id] = standing
        return self._tell_standing("my_chat_member", chat, user, self.world.bot, (before, standing))

    def block(self, user: User) -> int:
        """A person blocks the bot: 403 from now on."""
        return self.my_chat_member(user.private_chat, user, "kicked")

    def unblock(self, user: User) -> int:
        """A person lets the bot write again."""
        return self.my_chat_member(user.private_chat, user, "member")

    def deactivate(self, user: User) -> None:
        """The account is deleted: 403 from now on, and no update says so."""
        self.world.deactivated.add(user.id)

    def chat_member(self, chat: Chat, user: User, standing: Standing) -> int:
        """A person's standing in a chat changes; the bot hears of it only if it asked for `chat_member`."""
        self.world.meet(user, chat)
        before = self.world.members[chat.id, user.id]
        self.world.members[chat.id, user.id] = standing
        return self._tell_standing("chat_member", chat, user, user, (before, standing))

    def migrate(self, group: Chat, user: User) -> Chat:
        """A group becomes a supergroup: two service messages, and a 400 for the old id from now on."""
        target = replace(self.world.chats[group.id], id=-1_000_000_000_000 - abs(group.id), type="supergroup")
        stamp: JsonObject = {"from": user_json(user), "date": self.world.wall()}
        old_id = self.world.new_message_id(group)
        self.world.move(group, target)
        leaving = {"message_id": old_id, "chat": chat_json(group), "migrate_to_chat_id": target.id}
        self.world.updates.add({"message": stamp | leaving})
        new_id = self.world.new_message_id(target)
        arriving = {"message_id": new_id, "chat": chat_json(target), "migrate_from_chat_id": group.id}
        self.world.updates.add({"message": stamp | arriving})
        return target

    def open_topic(self, chat: Chat) -> int:
        """A topic is opened or reopened in a forum; returns its thread id."""
        self.world.chats.setdefault(chat.id, chat)
        thread = self.world.new_message_id(chat)
        self.world.topics[chat.id, thread] = True
        return thread

    def close_topic(self, chat: Chat, thread: int) -> None:
        """A topic is closed: 400 TOPIC_CLOSED from now on."""
        self.world.topics[chat.id, thread] = False

    def delete_topic(self, chat: Chat, thread: int) -> None:
        """A topic is gone: 400 message thread not found from now on."""
        del self.world.topics[chat.id, thread]

    def delete(self, message: Message) -> None:
        """A person deletes a message; the bot is not told."""
        del self.world.messages[message.chat_id, message.message_id]

    def raw_update(self, update: Mapping[str, object], *, update_id: int | None = None) -> int:
        """Any update, with any id: a repeated id is delivered once more."""
        return self.world.updates.add(update, update_id)

    def _enter(self, user: User, chat: Chat | None) -> Chat:
        place = user.private_chat if chat is None else chat
        self.world.meet(user, place)
        return place

    def _tell(self, kind: str, message: Message) -> int:
        shown = message_json(self.world, message)
        if kind.endswith("channel_post"):
            shown["sender_chat"] = shown["chat"]
            del shown["from"]
        return self.world.updates.add({kind: shown})

    def _tell_standing(
        self, kind: str, chat: Chat, actor: User, subject: User, change: tuple[Standing, Standing]
    ) -> int:
        before, after = change
        told: JsonObject = {
            "chat": chat_json(self.world.chats[chat.id]),
            "from": user_json(actor),
            "date": self.world.wall(),
            "old_chat_member": member_json(self.world, chat.id, subject, before),
            "new_chat_member": member_json(self.world, chat.id, subject, after),
        }
        return self.world.updates.add({kind: told})


def _pressed(message: Message, label: str | None, data: str | None) -> str:
    offered = [button.callback_data for button in message.buttons if button.callback_data is not None]
    wanted = message.button(label).callback_data if label is not None else data
    if wanted is None or wanted not in offered:
        raise LookupError(f"No button carries {wanted!r}; there are {offered}.")
    return wanted

"""Who asks: from a platform's numbers to our own rows, made at the first word and remembered in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.clock import Clock
from services.domain.people import Caller, Place, Preferences
from services.store import people
from services.tx import Store, Tx

_MOST_REMEMBERED = 20_000


@dataclass(slots=True)
class Callers:
    """Finds or makes the person, the account and the chat behind an update."""

    store: Store
    clock: Clock
    _known: dict[tuple[Place, int], Caller] = field(default_factory=dict)
    _choices: dict[int, dict[str, str]] = field(default_factory=dict)
    _learned: int = 0  # how often what was remembered of somebody's choices became wrong

    async def find(self, place: Place, user_id: int, *, private: bool, may_administer: bool = False) -> Caller:
        """Return the caller; `place` is where the words came from, `user_id` the platform's number of the person."""
        known = self._known.get((place, user_id))
        if known is None:
            known = await self.store.write(lambda tx: self._made(tx, place, user_id, private=private))
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[place, user_id] = known
        if not may_administer:
            return known
        return Caller(
            known.person, known.account, known.chat, place, known.private, may_administer=True,
            preferences=known.preferences,
        )  # fmt: skip

    def _made(self, tx: Tx, place: Place, user_id: int, *, private: bool) -> Caller:
        person, preferences = people.person_of(tx, place.platform, user_id, self.clock.now())
        # Telegram and Discord reach a person by the person's own number; the chat is known before its first message.
        alone = place if private else Place(place.platform, place.bot_id, user_id)
        private_chat = people.chat_of(tx, alone, person)
        chat = private_chat if private else people.chat_of(tx, place, None)
        return Caller(person, user_id, chat, place, private, preferences=preferences)

    async def choices(self, person: int) -> dict[str, str]:
        """Return which coin this person means by each clashing ticker they were asked about."""
        known = self._choices.get(person)
        if known is not None:
            return known
        before = self._learned
        found = await self.store.read(lambda tx: people.choices(tx, person))
        if before == self._learned:
            if len(self._choices) >= _MOST_REMEMBERED:
                self._choices.clear()
            self._choices[person] = found
        return found

    async def learn(self, person: int, chosen: Mapping[str, str]) -> None:
        """Remember which coins this person means."""

        def work(tx: Tx) -> None:
            tx.after_commit(lambda: self._forget_choices(person))
            for word, coin_id in chosen.items():
                people.choose(tx, person, word, coin_id)

        await self.store.write(work)

    def _forget_choices(self, person: int) -> None:
        self._learned += 1
        self._choices.pop(person, None)

    def prefer(self, tx: Tx, caller: Caller, name: str, value: str) -> None:
        """Store one preference, and forget what was remembered of the person once it is on disk."""
        people.prefer(tx, caller.person, name, value)
        tx.after_commit(lambda: self.forget(caller.person))

    def moved(self) -> None:
        """Read everybody's chats again: a group has another id."""
        self._known.clear()

    def forget(self, person: int) -> None:
        """Read this person's row again at the next word."""
        self._known = {key: caller for key, caller in self._known.items() if caller.person != person}
        self._forget_choices(person)

    def preferences_of(self, tx: Tx, person: int) -> Preferences:
        """Return what a person chose, for drawing what is sent to them."""
        return people.preferences(tx, person)

"""The registered commands, global and per server."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tests.fakes.discord.command_rules import CHAT_INPUT, PER_KIND, check_command, check_unique
from tests.fakes.discord.form import Form
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.refusals import RefusalError, unknown
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_text
from tests.fakes.discord.world import World

_DAY_S = 86_400.0
_KEPT = (
    "description",
    "options",
    "name_localizations",
    "description_localizations",
    "default_member_permissions",
    "dm_permission",
    "contexts",
    "nsfw",
)


@dataclass(frozen=True, slots=True)
class Command:
    """A registered command; `body` is the object that the platform answers with."""

    id: int
    kind: int
    name: str
    guild_id: int | None
    body: JsonObject

    def installs(self) -> tuple[int, ...]:
        return _numbers(self.body.get("integration_types"), (0,))

    def contexts(self) -> tuple[int, ...]:
        return _numbers(self.body.get("contexts"), (0, 1, 2))


def _numbers(value: Json, absent: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(as_int(item) for item in value) if isinstance(value, list) else absent


class Commands:
    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self._found: dict[int | None, dict[tuple[int, str], Command]] = {}
        self._creates: deque[float] = deque()

    def of(self, guild_id: int | None) -> tuple[Command, ...]:
        """The commands of one server, or the global ones."""
        return tuple(self._found.get(guild_id, {}).values())

    def offered(self, guild_id: int | None) -> tuple[Command, ...]:
        """What people see there: a server's own command hides a global one of the same name."""
        both = dict(self._found.get(None, {}))
        if guild_id is not None:
            both |= self._found.get(guild_id, {})
        return tuple(both.values())

    def get(self, guild_id: int | None, command_id: int) -> Command:
        for command in self.of(guild_id):
            if command.id == command_id:
                return command
        raise unknown("application command")

    def overwrite(self, guild_id: int | None, bodies: Sequence[JsonObject]) -> tuple[Command, ...]:
        """Put these in the place of all; a command that keeps its name and kind keeps its id."""
        form = Form()
        for index, body in enumerate(bodies):
            check_command(form, (index,), body)
        check_unique(form, bodies)
        form.close()
        self._check_counts([as_int(body.get("type"), CHAT_INPUT) for body in bodies])
        commands = [self._build(guild_id, body) for body in bodies]
        self._found[guild_id] = {(command.kind, command.name): command for command in commands}
        return tuple(commands)

    def upsert(self, guild_id: int | None, body: JsonObject) -> tuple[Command, bool]:
        """Add one or replace its namesake; says whether it is new."""
        form = Form()
        check_command(form, (), body)
        form.close()
        key = (as_int(body.get("type"), CHAT_INPUT), as_text(body.get("name")))
        place = self._found.setdefault(guild_id, {})
        is_new = key not in place
        self._check_counts([command.kind for command in place.values()] + ([key[0]] if is_new else []))
        place[key] = self._build(guild_id, body)
        return place[key], is_new

    def change(self, guild_id: int | None, command_id: int, body: JsonObject) -> Command:
        """Change the named keys of one."""
        command = self.get(guild_id, command_id)
        merged = {**command.body, **body, "type": command.kind}
        form = Form()
        check_command(form, (), merged)
        form.close()
        self.remove(guild_id, command_id)
        changed = self._build(guild_id, merged, command_id)
        self._found[guild_id][changed.kind, changed.name] = changed
        return changed

    def remove(self, guild_id: int | None, command_id: int) -> None:
        command = self.get(guild_id, command_id)
        del self._found[guild_id][command.kind, command.name]

    def _check_counts(self, kinds: Sequence[int]) -> None:
        for kind, most in PER_KIND.items():
            if kinds.count(kind) > most:
                raise RefusalError(400, 30032, f"Maximum number of application commands reached ({most})")

    def _build(self, guild_id: int | None, body: JsonObject, command_id: int | None = None) -> Command:
        kind, name = as_int(body.get("type"), CHAT_INPUT), as_text(body.get("name"))
        known = self._found.get(guild_id, {}).get((kind, name))
        if command_id is None:
            command_id = known.id if known is not None else self._new_id()
        shape: dict[str, Json] = {key: body[key] for key in _KEPT if key in body}
        shape |= {
            "id": str(command_id),
            "application_id": str(self._world.application_id),
            "version": str(self._world.snowflake()),
            "type": kind,
            "name": name,
            "description": as_text(body.get("description")),
            "options": body.get("options") or [],
            "default_member_permissions": _permissions(body.get("default_member_permissions")),
        }
        if guild_id is None:
            shape["integration_types"] = body.get("integration_types") or [0]
        else:
            shape["guild_id"] = str(guild_id)
        return Command(command_id, kind, name, guild_id, shape)

    def _new_id(self) -> int:
        now = self._world.clock.now()
        while self._creates and self._creates[0] <= now - _DAY_S:
            self._creates.popleft()
        if len(self._creates) >= self._limits.command_creates_per_day:
            raise RefusalError(400, 30034, "Max number of daily application command creates has been reached (200)")
        self._creates.append(now)
        return self._world.snowflake()


def _permissions(value: Json) -> str | None:
    return None if value is None else str(value)

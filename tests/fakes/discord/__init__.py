"""A strict fake of the platform: REST and gateway on loopback, and the judge of what was sent."""

from tests.fakes.discord.faults import Fault, Garbage, Hang, Kind, RateLimited, Reset, Slow, Status
from tests.fakes.discord.interactions import Interaction, Response
from tests.fakes.discord.limits import Limits, Rate
from tests.fakes.discord.log import Entry, Frame, Link, RestCall, Upload
from tests.fakes.discord.refusals import RefusalError, ScriptError, missing_access, missing_permissions
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.world import Message

__all__ = [
    "Entry",
    "FakeDiscord",
    "Fault",
    "Frame",
    "Garbage",
    "Hang",
    "Interaction",
    "Kind",
    "Limits",
    "Link",
    "Message",
    "Rate",
    "RateLimited",
    "RefusalError",
    "Reset",
    "Response",
    "RestCall",
    "ScriptError",
    "Slow",
    "Status",
    "Upload",
    "missing_access",
    "missing_permissions",
]

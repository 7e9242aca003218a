"""/settings: zone, currency and number style, as buttons."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from handlers.model import Button, Card, Change, Reply, Request, Row
from handlers.params import Words
from services.domain.coins import FIATS
from services.domain.language import say
from services.domain.people import NumberStyle, Preferences
from services.errors import InvalidInput
from services.tx import Tx

_STYLES: dict[str, NumberStyle] = {"1,234.56": "1,234.56", "1.234,56": "1.234,56", "1 234.56": "1 234.56"}
_ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Singapore")


@dataclass(frozen=True, slots=True)
class SettingsNow:
    """What a person has chosen, for machines."""

    zone: str
    currency: str
    numbers: str
    alerts_at_most: int


async def settings(
    request: Request, setting: Literal["show", "zone", "currency", "numbers"] = "show", value: Words = ""
) -> Reply[SettingsNow] | Change[SettingsNow]:
    """Show and change your settings: zone, currency and number style.

    /settings zone Europe/Berlin, /settings currency eur, /settings numbers 1.234,56
    """
    if setting == "show" and value:
        raise InvalidInput(say("«{word}» is no setting. There are: zone, currency, numbers.", word=value[:40]))
    if setting == "show" or not value:
        return _shown(request, request.caller.preferences, setting)
    read = {"zone": _zone, "currency": _currency, "numbers": _numbers}[setting]
    chosen = read(value)

    def apply(tx: Tx) -> Reply[SettingsNow]:
        request.services.callers.prefer(tx, request.caller, setting, chosen)
        return _shown(request, request.services.callers.preferences_of(tx, request.caller.person), "show")

    return Change(apply)


def _zone(value: str) -> str:
    wanted = value.strip().replace(" ", "_").casefold()
    zones = available_timezones()
    for zone in zones:
        if zone.casefold() == wanted or zone.rpartition("/")[2].casefold() == wanted:
            return zone
    from rapidfuzz import process

    cities = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
    near = process.extractOne(value[:40], list(cities), score_cutoff=80, processor=str.lower)
    if near is None:
        raise InvalidInput(say("«{zone}» is no time zone. Write it like Europe/Berlin or UTC.", zone=value[:40]))
    meant = cities[near[0]]
    raise InvalidInput(
        say("«{zone}» is no time zone. Did you mean {near}?", zone=value[:40], near=meant),
        choices=((meant, f"/settings zone {meant}"),),
    )


def _currency(value: str) -> str:
    code = value.strip().lower()
    if code not in FIATS:
        known = ", ".join(FIATS).upper()
        raise InvalidInput(say("«{word}» is not a currency I know. Known: {known}.", word=value[:20], known=known))
    return code


def _numbers(value: str) -> str:
    style = _STYLES.get(value.strip().replace("\u202f", " "))
    if style is None:
        raise InvalidInput(say("Write the style as an example: {styles}.", styles="  ".join(_STYLES)))
    return style


def _shown(request: Request, mine: Preferences, setting: str) -> Reply[SettingsNow]:
    now = request.services.clock.now().astimezone(ZoneInfo(mine.zone))
    limits, often = request.services.alerts.limits, request.services.throttle
    style = mine.numbers or "1,234.56"
    card = Card(
        say("Your settings"),
        table=(
            Row((say("Time zone"), mine.zone)),
            Row((say("Time there"), f"{now:%H:%M}")),
            Row((say("Currency"), mine.currency.upper())),
            Row((say("Numbers"), style if mine.numbers else say("{style} (not chosen)", style=style))),
        ),
        notes=(
            say("At most {most} alerts a person, {chat} a chat.", most=limits.person, chat=limits.chat),
            say("At most {most} commands a minute, {some} at once.", most=often.per_minute, some=often.at_once),
        ),
    )
    data = SettingsNow(mine.zone, mine.currency, style, limits.person)
    return Reply(data, card, buttons=_buttons(setting), private=True)


def _buttons(setting: str) -> tuple[tuple[Button, ...], ...]:
    back = (Button(say("Back"), "/settings"),)
    match setting:
        case "zone":
            zones = [Button(zone.rpartition("/")[2].replace("_", " "), f"/settings zone {zone}") for zone in _ZONES]
            return (tuple(zones[:3]), tuple(zones[3:]), back)
        case "currency":
            codes = [Button(code.upper(), f"/settings currency {code}") for code in FIATS]
            return (*(tuple(codes[at : at + 5]) for at in range(0, len(codes), 5)), back)
        case "numbers":
            return (tuple(Button(style, f"/settings numbers {style}") for style in _STYLES), back)
        case _:
            return (
                (
                    Button(say("Time zone"), "/settings zone"),
                    Button(say("Currency"), "/settings currency"),
                    Button(say("Numbers"), "/settings numbers"),
                ),
            )

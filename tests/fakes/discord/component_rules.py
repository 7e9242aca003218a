"""What buttons, menus, layouts and modals must satisfy."""

from collections.abc import Sequence

from tests.fakes.discord.form import Form, Path
from tests.fakes.discord.wire import Json, JsonObject, as_int, as_list, as_object, as_text, objects

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
SELECTS = frozenset({3, 5, 6, 7, 8})
_SECTION, _TEXT, _THUMBNAIL, _GALLERY, _FILE, _SEPARATOR, _CONTAINER = 9, 10, 11, 12, 13, 14, 17
_TOP_V2 = (ROW, _SECTION, _TEXT, _GALLERY, _FILE, _SEPARATOR, _CONTAINER)
_IN_CONTAINER = (ROW, _SECTION, _TEXT, _GALLERY, _FILE, _SEPARATOR)
_IN_LABEL = (TEXT_INPUT, *sorted(SELECTS), 19, 21, 22, 23)
_LINK, _PREMIUM = 5, 6


def check_components(form: Form, path: Path, value: Json, *, is_v2: bool) -> None:
    """Rows of five buttons or one menu; with the flag for layouts, up to 40 components of the newer kinds."""
    if value is None:
        return
    parts = as_list(value)
    if len(objects(value)) != len(parts):
        form.fault(path, "BASE_TYPE_BAD_TYPE", "Only dictionaries may be used in a list.")
        return
    if not is_v2:
        form.size(path, len(parts), 0, 5)
    for index, part in enumerate(objects(value)):
        _check_part(form, (*path, index), part, _TOP_V2 if is_v2 else (ROW,))
    flat = flatten(objects(value))
    _check_unique(form, path, [as_text(part.get("custom_id")) for part in flat if part.get("custom_id")])
    if is_v2:
        _check_totals(form, path, flat)


def flatten(parts: Sequence[JsonObject]) -> list[JsonObject]:
    """Every component, however deep."""
    flat: list[JsonObject] = []
    for part in parts:
        inner = objects(part.get("components")) + [
            as_object(part[key]) for key in ("accessory", "component") if key in part
        ]
        flat += [part, *flatten(inner)]
    return flat


def _check_totals(form: Form, path: Path, flat: Sequence[JsonObject]) -> None:
    if len(flat) > 40:
        form.fault(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "The total number of components may not exceed 40")
    if sum(len(as_text(part.get("content"))) for part in flat if part.get("type") == _TEXT) > 4000:
        form.fault(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "The displayable text size exceeds 4000")


def _check_unique(form: Form, path: Path, ids: Sequence[str]) -> None:
    for index, custom_id in enumerate(ids):
        if custom_id in ids[:index]:
            form.fault((*path, index), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")


def _check_part(form: Form, path: Path, part: JsonObject, allowed: Sequence[int]) -> None:
    form.choice((*path, "type"), part.get("type"), allowed)
    inner = objects(part.get("components"))
    match as_int(part.get("type")):
        case 1:
            _check_row(form, path, inner)
        case 9:
            form.size((*path, "components"), len(inner), 1, 3)
            _check_inner(form, path, inner, (_TEXT,))
            accessory = as_object(part.get("accessory"))
            form.choice((*path, "accessory", "type"), accessory.get("type"), (BUTTON, _THUMBNAIL))
            _check_control(form, (*path, "accessory"), accessory)
        case 10:
            form.text((*path, "content"), part.get("content"), 1, 4000)
        case 12:
            form.size((*path, "items"), len(as_list(part.get("items"))), 1, 10)
        case 17:
            form.size((*path, "components"), len(inner), 1, 40)
            _check_inner(form, path, inner, _IN_CONTAINER)
        case _:
            pass


def _check_inner(form: Form, path: Path, inner: Sequence[JsonObject], allowed: Sequence[int]) -> None:
    for index, part in enumerate(inner):
        _check_part(form, (*path, "components", index), part, allowed)


def _check_row(form: Form, path: Path, inner: Sequence[JsonObject]) -> None:
    where = (*path, "components")
    has_menu = any(part.get("type") in SELECTS for part in inner)
    form.size(where, len(inner), 1, 1 if has_menu else 5)
    for index, part in enumerate(inner):
        form.choice((*where, index, "type"), part.get("type"), (BUTTON, *sorted(SELECTS)))
        _check_control(form, (*where, index), part)


def _check_control(form: Form, path: Path, part: JsonObject) -> None:
    kind = as_int(part.get("type"))
    if kind == BUTTON:
        _check_button(form, path, part)
    elif kind in SELECTS:
        _check_menu(form, path, part)


def _check_button(form: Form, path: Path, part: JsonObject) -> None:
    style = part.get("style")
    form.choice((*path, "style"), style, range(1, 7))
    form.optional((*path, "label"), part.get("label"), 80)
    if style == _PREMIUM:
        form.text((*path, "sku_id"), part.get("sku_id"), 1, 20)
        return
    if not part.get("label") and not part.get("emoji"):
        form.fault(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
    if style == _LINK:
        form.text((*path, "url"), part.get("url"), 1, 512)
        if part.get("custom_id"):
            form.fault(path, "BUTTON_COMPONENT_URL_CUSTOM_ID_EXCLUSIVE", "A custom id and url cannot both be specified")
        return
    form.text((*path, "custom_id"), part.get("custom_id"), 1, 100)
    if part.get("url"):
        form.fault((*path, "url"), "BUTTON_COMPONENT_URL_NOT_ALLOWED", "A url can only be set on a link button")


def _check_menu(form: Form, path: Path, part: JsonObject) -> None:
    form.text((*path, "custom_id"), part.get("custom_id"), 1, 100)
    form.optional((*path, "placeholder"), part.get("placeholder"), 150)
    low, high = as_int(part.get("min_values"), 1), as_int(part.get("max_values"), 1)
    if not (0 <= low <= high <= 25 and high >= 1):
        form.fault(
            (*path, "min_values"),
            "COMPONENT_SELECT_VALUES_RANGE",
            "min_values must be at most max_values, and both at most 25",
        )
    if part.get("type") != STRING_SELECT:
        return
    options = objects(part.get("options"))
    form.size((*path, "options"), len(options), 1, 25)
    for index, option in enumerate(options):
        where = (*path, "options", index)
        form.text((*where, "label"), option.get("label"), 1, 100)
        form.text((*where, "value"), option.get("value"), 1, 100)
        form.optional((*where, "description"), option.get("description"), 100)
    values = [as_text(option.get("value")) for option in options]
    if len(set(values)) != len(values):
        form.fault(
            (*path, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
        )


def check_modal(form: Form, path: Path, modal: JsonObject) -> None:
    """A title, an id, and one to five inputs, each in a row or a label of its own."""
    form.text((*path, "custom_id"), modal.get("custom_id"), 1, 100)
    form.text((*path, "title"), modal.get("title"), 1, 45)
    parts = objects(modal.get("components"))
    form.size((*path, "components"), len(parts), 1, 5)
    for index, part in enumerate(parts):
        where = (*path, "components", index)
        form.choice((*where, "type"), part.get("type"), (ROW, _TEXT, LABEL))
        if part.get("type") == ROW:
            inner = objects(part.get("components"))
            form.size((*where, "components"), len(inner), 1, 1)
            _check_inputs(form, (*where, "components"), inner)
        elif part.get("type") == LABEL:
            form.text((*where, "label"), part.get("label"), 1, 45)
            form.optional((*where, "description"), part.get("description"), 100)
            control = as_object(part.get("component"))
            form.choice((*where, "component", "type"), control.get("type"), _IN_LABEL)
            _check_input(form, (*where, "component"), control, needs_label=False)
    ids = [as_text(part.get("custom_id")) for part in flatten(parts) if part.get("custom_id")]
    _check_unique(form, (*path, "components"), ids)


def _check_inputs(form: Form, path: Path, inner: Sequence[JsonObject]) -> None:
    for index, part in enumerate(inner):
        form.choice((*path, index, "type"), part.get("type"), (TEXT_INPUT,))
        _check_input(form, (*path, index), part, needs_label=True)


def _check_input(form: Form, path: Path, part: JsonObject, *, needs_label: bool) -> None:
    if part.get("type") in SELECTS:
        _check_menu(form, path, part)
        return
    form.text((*path, "custom_id"), part.get("custom_id"), 1, 100)
    if part.get("type") != TEXT_INPUT:
        return
    form.choice((*path, "style"), part.get("style"), (1, 2))
    form.optional((*path, "placeholder"), part.get("placeholder"), 100)
    form.optional((*path, "value"), part.get("value"), 4000)
    if needs_label:
        form.text((*path, "label"), part.get("label"), 1, 45)
    low, high = as_int(part.get("min_length")), as_int(part.get("max_length"), 4000)
    if not (0 <= low <= high <= 4000 and high >= 1):
        form.fault(
            (*path, "max_length"),
            "TEXT_INPUT_LENGTH_RANGE",
            "min_length and max_length must be within 0 and 4000, in order",
        )

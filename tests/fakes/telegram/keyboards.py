"""The checks that Telegram makes on reply markup."""

from .model import Button, Refusal, ReplyMarkup, bad_request

MAX_BUTTONS = 100
MAX_ROW = 8
ACTIONS = ("callback_data", "url", "copy_text", "web_app", "switch_inline_query", "switch_inline_query_current_chat")
URL_SCHEMES = ("http://", "https://", "tg://")


def check_markup(markup: ReplyMarkup | None) -> None:
    """Refuse markup of no or several kinds, too many buttons and buttons that do nothing."""
    if markup is None:
        return
    kinds = (markup.inline_keyboard, markup.keyboard, markup.remove_keyboard, markup.force_reply)
    if sum(kind is not None for kind in kinds) != 1:
        raise bad_request("can't parse reply keyboard markup JSON object")
    rows = markup.inline_keyboard or ()
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise bad_request("reply markup is too long")
    for row in rows:
        for button in row:
            _check_button(button)


def check_inline_only(markup: ReplyMarkup | None) -> None:
    """An edited message can only carry inline buttons."""
    check_markup(markup)
    if markup is not None and markup.inline_keyboard is None:
        raise bad_request("inline keyboard expected")


def _check_button(button: Button) -> None:
    if not button.text.strip():
        raise _unparsed('Can\'t find field "text"')
    actions = [name for name in ACTIONS if getattr(button, name) is not None]
    if not actions:
        raise _unparsed("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _unparsed(f"Exactly one action is expected, found {', '.join(actions)}")
    if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if button.url is not None and not button.url.startswith(URL_SCHEMES):
        raise bad_request("BUTTON_URL_INVALID")
    if button.copy_text is not None and not 1 <= len(button.copy_text.text) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if button.style not in (None, "danger", "success", "primary"):
        raise bad_request("BUTTON_STYLE_INVALID")


def _unparsed(reason: str) -> Refusal:
    return bad_request(f"can't parse inline keyboard button: {reason}")

"""answerCallbackQuery and answerInlineQuery."""

from .keyboards import check_inline_only
from .model import bad_request
from .parse_mode import formatted
from .requests import AnswerCallback, AnswerInline, InlineResult
from .sending import shown_caption, shown_text
from .world import Answer, Execution, Query, World

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
MAX_RESULTS = 50
MAX_NOTICE = 200


def _open_query(world: World, queries: dict[str, Query], query_id: str | None) -> Query:
    query = queries.get(query_id or "")
    if query is None or query.answered or world.now() - query.asked_at > world.query_lifetime_s:
        raise bad_request(TOO_OLD)
    return query


def answer_callback(run: Execution, request: AnswerCallback) -> object:
    """answerCallbackQuery."""
    if len(request.text or "") > MAX_NOTICE:
        raise bad_request("MESSAGE_TOO_LONG")
    if request.url is not None:
        raise bad_request("URL_INVALID")
    query = _open_query(run.world, run.world.callbacks, request.callback_query_id)
    query.answered = True
    answer = Answer(request.callback_query_id or "", query.user, request.text, bool(request.show_alert))
    run.world.answers.append(answer)
    return True


def answer_inline(run: Execution, request: AnswerInline) -> object:
    """answerInlineQuery."""
    results = request.results or ()
    if len(results) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    if len({result.id for result in results}) < len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    if len((request.next_offset or "").encode()) > 64:
        raise bad_request("NEXT_OFFSET_INVALID")
    for result in results:
        _check_result(result)
    query = _open_query(run.world, run.world.inline, request.inline_query_id)
    query.answered = True
    return True


def _check_result(result: InlineResult) -> None:
    if not 1 <= len(result.id.encode()) <= 64:
        raise bad_request("RESULT_ID_INVALID")
    match result.type:
        case "article":
            if not result.title:
                raise bad_request("can't parse inline query result: Can't find field \"title\"")
            if result.input_message_content is None:
                raise bad_request("message text is empty")
        case "photo":
            if result.photo_url is None and result.photo_file_id is None:
                raise bad_request("can't parse inline query result: Can't find field \"photo_url\"")
        case _:
            raise bad_request("can't parse inline query result: unallowed inline query result type")
    content = result.input_message_content
    if content is not None:
        shown_text(*formatted(content.message_text, content.parse_mode, content.entities))
    shown_caption(*formatted(result.caption or "", result.parse_mode, result.caption_entities))
    check_inline_only(result.reply_markup)

"""One question from a shell, one answer."""

from bot.conversation import Conversation
from bot.platforms.console.place import answer
from bot.render.text import as_json as json_text
from bot.render.text import plain, wrapped
from handlers.dispatch import Failure
from handlers.model import Button, Reply


async def ask(conversation: Conversation, line: str, as_json: bool) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error: 0 with the answer, or 2 with the sentence of a refusal."""
    reply = await answer(conversation, line.strip())
    if reply is None:
        return 0, "", ""
    if isinstance(reply.data, Failure):
        return 2, _with_end(json_text(reply)) if as_json else "", _with_end(_refusal(reply))
    return 0, _with_end(json_text(reply) if as_json else plain(reply)), ""


def _refusal(reply: Reply[object]) -> str:
    """Return the sentence, and below it the lines that would have been understood."""
    sentence = " ".join(wrapped(reply.card.title, len(reply.card.title)))
    return "\n".join((sentence, *(_repair(button) for row in reply.buttons for button in row)))


def _repair(button: Button) -> str:
    same = button.label == button.line
    return " ".join(wrapped(f"  {button.line}" if same else f"  {button.line}  ({button.label})", 200))


def _with_end(text: str) -> str:
    return f"{text}\n"

"""Lines typed at a terminal: history, completion, and room above for what comes meanwhile."""

import os
import termios
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.conversation import Conversation
from bot.platforms.console.completion import Suggestion, suggestions, usage
from bot.platforms.console.place import caller
from bot.render.text import wrapped
from services.domain.language import say

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

_MENU_ROWS = 6
_TOOLBAR_ROWS = 2


@dataclass(slots=True)
class _Reading:
    """What the line that is being typed would do, as a sentence, where it can be said already."""

    line: str = ""
    sentence: str = ""


async def typed_lines(conversation: Conversation, history: Path) -> AsyncGenerator[str, None]:
    """Return what is typed, line by line, until Ctrl-D; Ctrl-C empties the line."""
    from prompt_toolkit.patch_stdout import patch_stdout

    session = _session(conversation, history)
    with patch_stdout(raw=True):
        while True:
            try:
                line = await session.prompt_async("› ", handle_sigint=False)
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            with _unechoed(session.input.fileno()):
                yield line


@contextmanager
def _unechoed(descriptor: int) -> Generator[None, None, None]:
    """Keep what is typed while an answer is under way out of the answer; the next prompt shows it."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(descriptor, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _session(conversation: Conversation, history: Path) -> "PromptSession[str]":
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import get_app
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.styles import Style

    history.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    history.touch(mode=0o600)
    history.chmod(0o600)

    reading = _Reading()

    def below() -> str:
        line = get_app().current_buffer.document.text_before_cursor
        shown = reading.sentence if line == reading.line else usage(conversation.dispatch, line)
        columns = get_app().output.get_size().columns
        return "\n".join(wrapped(shown or say("/help · Tab completes · Ctrl-D ends"), columns)[:_TOOLBAR_ROWS])

    return PromptSession(
        history=FileHistory(str(history)),
        completer=_completer(conversation, reading),
        complete_while_typing=True,
        reserve_space_for_menu=_MENU_ROWS,
        bottom_toolbar=below,
        style=Style.from_dict({"bottom-toolbar": "noreverse #808080", "prompt": "bold"}),
    )


def _completer(conversation: Conversation, reading: _Reading) -> "Completer":
    from prompt_toolkit.application import get_app
    from prompt_toolkit.completion import Completer

    class Completing(Completer):
        def get_completions(self, document: "Document", complete_event: "CompleteEvent") -> "tuple[Completion, ...]":
            return ()  # there is nothing that could be found without waiting

        async def get_completions_async(
            self, document: "Document", complete_event: "CompleteEvent"
        ) -> "AsyncGenerator[Completion, None]":
            line = document.text_before_cursor
            found = await suggestions(conversation, line, await caller(conversation))
            sentence = next(
                (each.label for each in found if each.label and each.text == line[each.start :].strip()), ""
            )
            reading.line, reading.sentence = (line, sentence) if sentence else ("", "")
            get_app().invalidate()
            for each in found:
                yield _completion(each, len(line))

    return Completing()


def _completion(suggestion: Suggestion, cursor: int) -> "Completion":
    from prompt_toolkit.completion import Completion

    return Completion(suggestion.text, suggestion.start - cursor, display_meta=suggestion.label)

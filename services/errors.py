"""Messages that are safe to show: each is one sentence for a person that says what to do."""


class UserError(Exception):
    """A command cannot be carried out as asked; the text goes to the person as it is."""

    code = "error"

    def __init__(self, message: str, *, choices: tuple[tuple[str, str], ...] = (), replaces: str | None = None) -> None:
        """`choices` are (label, command line) pairs that repair the request, or with `replaces` (label, word) pairs."""
        super().__init__(message)
        self.message = message
        self.choices = choices
        self.replaces = replaces


class InvalidInput(UserError):
    """The words are off; nothing was done."""

    code = "invalid_input"


class NotFound(UserError):
    """What was named does not exist, or not for this person."""

    code = "not_found"


class LimitReached(UserError):
    """A published limit is reached; something must go before something comes."""

    code = "limit_reached"


class NotAllowed(UserError):
    """This person may not do this here."""

    code = "not_allowed"


class SourceUnavailable(UserError):
    """An upstream has nothing fresh; trying again later is right."""

    code = "source_unavailable"


class StoreError(Exception):
    """The store cannot do what was asked, and nothing of it was written; the text is for the operator."""

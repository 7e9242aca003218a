"""How the platform says no."""

from tests.fakes.discord.wire import Json, JsonObject


class RefusalError(Exception):
    """An HTTP refusal with the platform's own number and words."""

    def __init__(self, status: int, code: int, message: str, errors: JsonObject | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.errors = errors

    def body(self) -> JsonObject:
        plain: dict[str, Json] = {"message": str(self), "code": self.code}
        return plain if self.errors is None else plain | {"errors": self.errors}


class ScriptError(AssertionError):
    """A test asked for something that no user of the real client could do."""


_UNKNOWN = {
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "User": 10013,
    "Webhook": 10015,
    "Interaction": 10062,
    "application command": 10063,
}


def unknown(what: str) -> RefusalError:
    return RefusalError(404, _UNKNOWN[what], f"Unknown {what}")


def no_route() -> RefusalError:
    return RefusalError(404, 0, "404: Not Found")


def unauthorized() -> RefusalError:
    return RefusalError(401, 0, "401: Unauthorized")


def missing_access() -> RefusalError:
    return RefusalError(403, 50001, "Missing Access")


def missing_permissions() -> RefusalError:
    return RefusalError(403, 50013, "Missing Permissions")


def cannot_message() -> RefusalError:
    return RefusalError(403, 50007, "Cannot send messages to this user")


def empty_message() -> RefusalError:
    return RefusalError(400, 50006, "Cannot send an empty message")


def already_acknowledged() -> RefusalError:
    return RefusalError(400, 40060, "Interaction has already been acknowledged.")


def invalid_token() -> RefusalError:
    return RefusalError(401, 50027, "Invalid Webhook Token")


def too_large() -> RefusalError:
    return RefusalError(413, 40005, "Request entity too large")

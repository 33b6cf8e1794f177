"""Refusals in the form that OpenAI's clients understand."""

import logging

from engine.core.errors import Cancelled, KnownError
from engine.model.generation import ContextFull, ModelDied

_log = logging.getLogger(__name__)

INVALID, AUTHENTICATION = "invalid_request_error", "authentication_error"
PERMISSION, NOT_FOUND = "permission_error", "not_found_error"
CONTEXT, UNAVAILABLE = "exceed_context_size_error", "unavailable_error"
NOT_SUPPORTED, SERVER = "not_supported_error", "server_error"
_STATUS = {
    INVALID: 400,
    AUTHENTICATION: 401,
    PERMISSION: 403,
    NOT_FOUND: 404,
    CONTEXT: 400,
    UNAVAILABLE: 503,
    NOT_SUPPORTED: 501,
    SERVER: 500,
}


class ApiError(Exception):
    """A refusal.

    kind: one of the types above; message: one plain sentence, what UTF-8 cannot hold of it is
    spelled out; param: the field that is wrong; status: where the type alone does not say it;
    more: further members of the error object.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        param: str | None = None,
        status: int | None = None,
        more: dict[str, object] | None = None,
    ) -> None:
        message = message.encode(errors="backslashreplace").decode()
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.param = param
        self.status = status or _STATUS[kind]
        self.more = more or {}

    def body(self) -> dict[str, object]:
        """The JSON object that is sent."""
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "type": self.kind,
                "param": self.param,
                **self.more,
            }
        }


def invalid(message: str, param: str | None = None) -> ApiError:
    """A request that cannot be answered as it is."""
    return ApiError(INVALID, message, param)


def unavailable(message: str) -> ApiError:
    """A request that could be answered later."""
    return ApiError(UNAVAILABLE, message)


def too_long(error: ContextFull, message: str, param: str | None = None) -> ApiError:
    """A text with more tokens than there is room for."""
    more: dict[str, object] = {"n_prompt_tokens": error.prompt_tokens, "n_ctx": error.n_ctx}
    return ApiError(CONTEXT, message, param, more=more)


def as_api_error(error: BaseException) -> ApiError:
    """What the client is told about an exception; a bug's details stay in the log."""
    match error:
        case ApiError():
            return error
        case ContextFull():
            return too_long(
                error, f"The prompt has {error.tokens}, and the model remembers {error.n_ctx:,}."
            )
        case Cancelled():
            return unavailable("The answer was stopped, because the model or the server is.")
        case ModelDied():
            return ApiError(SERVER, str(error))
        case KnownError() | ValueError():
            return invalid(str(error) or "The request cannot be carried out.")
        case _:
            _log.error("a request failed: %s", type(error).__name__, exc_info=error)
            return ApiError(SERVER, "This did not work because of an error in Assay.")

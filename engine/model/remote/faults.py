"""What goes wrong with a model server, each in one sentence."""

import re

from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.model.generation import ContextFull
from engine.model.remote.wire import Event, Garbage, json_object, mapping, number, text

SHOWN = 200
"""Characters of what a server says that are shown."""


class Refused(KnownError):
    """The server refused the request; status as in HTTP, complaint: what it said, cleaned."""

    def __init__(self, sentence: str, hint: str, status: int, complaint: str) -> None:
        super().__init__(sentence, hint)
        self.status = status
        self.complaint = complaint


def refused(name: str, model: str, status: int, body: bytes) -> KnownError:
    """The error for an answer with such a status. name: of the endpoint."""
    error = _error_of(body)
    said = complaint(error)
    if (full := _context_full(error, said)) is not None:
        return full
    sentence, hint = _sentence(name, model, status, said, bool(error))
    return Refused(sentence, hint, status, said)


def failed(name: str, error: object) -> KnownError:
    """The error for one that came inside a stream."""
    event = mapping(error) or {"message": error}
    said = complaint(event)
    full = _context_full(event, said)
    return full or KnownError(f"{name} broke off its answer{_quoted(said)}.", "Try again.")


def no_endpoint(name: str) -> KnownError:
    """Whatever answers there speaks something else."""
    return KnownError(
        f"What answers at the address of {name} is no OpenAI-compatible model server.",
        "Check the address; for llama-server it is like http://192.168.1.20:8080, for Ollama "
        "http://192.168.1.20:11434.",
    )


def broke_off(name: str) -> KnownError:
    """The stream ended in the middle of an answer."""
    return KnownError(f"The answer of {name} broke off.", "Try again.")


def complaint(error: Event) -> str:
    """What a server says, on one short line."""
    return clean_text(text(error.get("message")), SHOWN)


def _sentence(name: str, model: str, status: int, said: str, api: bool) -> tuple[str, str]:
    match status:
        case 401 | 403:
            return (
                f"{name} does not accept the key.",
                (
                    "Give it the right one under Models → Other computers, or by "
                    f"`assay endpoints change {name} --key`."
                ),
            )
        case 404 if api and ("model" in said.lower() or not said):
            return (
                f"{name} has no model called {model!r}.",
                f"`assay endpoints check {name}` lists those it has.",
            )
        case 404 | 405 | 406 if not api:
            error = no_endpoint(name)
            return error.sentence, error.hint
        case status if 300 <= status < 400:
            error = no_endpoint(name)
            return error.sentence, error.hint
        case 413:
            return f"The conversation is too long for {name}.", "Begin a new one."
        case 429:
            return f"{name} has been asked too often.", "Try again later."
        case 503 if "load" in said.lower():
            return f"{name} is still loading its model.", "Try again in a minute."
        case status if status >= 500:
            return f"{name} has trouble of its own ({status}){_quoted(said)}.", "Try again later."
    return f"{name} did not accept the request ({status}){_quoted(said)}.", ""


def _error_of(body: bytes) -> Event:
    """The error object of an answer; {} if there is none."""
    try:
        value = json_object(body)
    except Garbage:
        return {}
    error = value.get("error", value.get("detail"))
    if isinstance(error, str):  # Ollama's, and others'
        return {"message": error}
    # vLLM's older form is the object itself.
    return mapping(error) or (value if "message" in value else {})


def _context_full(error: Event, said: str) -> ContextFull | None:
    """The error for a prompt that is too long, in the words of llama.cpp and of vLLM."""
    if error.get("type") == "exceed_context_size_error":
        return ContextFull(number(error.get("n_prompt_tokens")), number(error.get("n_ctx")))
    found = re.search(r"maximum context length is (\d{1,9}) tokens", said)
    if found is None:
        return None
    asked = re.search(r"(\d{1,9}) (?:in the messages|input tokens|tokens in)", said)
    asked = asked or re.search(r"requested (\d{1,9}) tokens", said)
    return ContextFull(int(asked[1]) if asked else 0, int(found[1]))


def _quoted(said: str) -> str:
    return f": “{said.rstrip('.')}”" if said else ""

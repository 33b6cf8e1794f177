"""A small server on loopback that speaks OpenAI's chat interface, and misbehaves as told."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.engine.loopback import Handler

Answer = Callable[[Handler], None]


def delta(finish: str | None = None, **values: object) -> dict[str, Any]:
    """A chunk of a stream with one delta."""
    choice = {"index": 0, "delta": values, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def usage(prompt: int, tokens: int, cached: int = 0) -> dict[str, Any]:
    """The last chunk of a stream."""
    counts = {
        "prompt_tokens": prompt,
        "completion_tokens": tokens,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return {"object": "chat.completion.chunk", "choices": [], "usage": counts}


def call(index: int | None, arguments: str, name: str = "", id_: str = "") -> dict[str, Any]:
    """A chunk with a piece of a tool call."""
    function = {"arguments": arguments} | ({"name": name} if name else {})
    piece: dict[str, Any] = {"function": function}
    piece |= {} if index is None else {"index": index}
    piece |= {"id": id_, "type": "function"} if id_ else {}
    return delta(tool_calls=[piece])


def sse(*chunks: object, end: str = "\n\n") -> bytes:
    """Chunks as server-sent events; bytes go through as they are."""
    lines = (
        one if isinstance(one, bytes) else f"data: {json.dumps(one)}{end}".encode()
        for one in chunks
    )
    return b"".join(lines)


DONE = b"data: [DONE]\n\n"


def streams(*chunks: object) -> Answer:
    """Answers with these chunks and [DONE]."""
    return raw([sse(*chunks), DONE])


def raw(pieces: Iterable[bytes], kind: str = "text/event-stream; charset=utf-8") -> Answer:
    """Answers with these bytes, each sent as it comes, and then closes the connection."""
    kept = list(pieces)

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        for piece in kept:
            handler.wfile.write(piece)
            handler.wfile.flush()
        handler.close_connection = True

    return answer


def fails(status: int, error: object) -> Answer:
    """Answers with an error in JSON."""
    return lambda handler: handler.reply(
        status, json.dumps(error).encode(), Content_Type="application/json"
    )

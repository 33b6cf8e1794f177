"""Sends the events of answers as they come, and notices when nobody listens any more."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from engine.server.answers import Answers, Failed, Finished, Piece, Reading
from engine.server.errors import as_api_error

T = TypeVar("T")
T_in = TypeVar("T_in")

Chunk = dict[str, Any]


class Telling(Protocol[T_in]):
    """Turns events into what a client reads."""

    @property
    def ended(self) -> bool: ...
    def begin(self) -> list[Chunk]: ...
    def take(self, event: Piece[T_in] | Reading | Finished) -> list[Chunk]: ...
    def end(self) -> list[Chunk]: ...
    def whole(self) -> Any: ...


async def reply_whole(request: Request, answers: Answers[T], telling: Telling[T]) -> Response:
    """Wait for all answers and send them in one object. Raises what they raise."""
    with Watch(request, answers.cancel):
        async with answers:
            while not telling.ended:
                event = await answers.next()
                if isinstance(event, Failed):
                    raise event.error
                if event is not None:
                    telling.take(event)
    return json_response(telling.whole())


async def reply_stream(
    request: Request, answers: Answers[T], telling: Telling[T], silence: float, done: bool = True
) -> Response:
    """A stream of server-sent events; what goes wrong at once is raised instead.

    silence: seconds without an event after which a comment shows that the connection lives.
    done: end with [DONE].
    """
    answers.begin()
    try:
        with Watch(request, answers.cancel):
            first = await answers.next(silence)
        if isinstance(first, Failed):
            raise first.error
    except BaseException:
        answers.close()
        raise
    return _EventStream(answers, _frames(answers, telling, first, silence, done))


def json_response(body: Any, status: int = 200) -> JSONResponse:
    """An answer in JSON."""
    return JSONResponse(body, status)


async def _frames(
    answers: Answers[T],
    telling: Telling[T],
    event: Piece[T] | Reading | Finished | None,
    silence: float,
    done: bool,
) -> AsyncIterator[bytes]:
    for chunk in telling.begin():
        yield _frame(chunk)
    while True:
        if event is None:
            yield b": still working\n\n"
        else:
            for chunk in telling.take(event):
                yield _frame(chunk)
        if telling.ended:
            break
        following = await answers.next(silence)
        if isinstance(following, Failed):
            yield _frame(as_api_error(following.error).body())
            return
        event = following
    for chunk in telling.end():
        yield _frame(chunk)
    if done:
        yield b"data: [DONE]\n\n"


def _frame(value: Any) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False, allow_nan=False)}\n\n".encode()


class _EventStream(Response):
    """Sends frames; a client that goes away ends the answers."""

    media_type = "text/event-stream"

    def __init__(self, answers: Answers[T], frames: AsyncIterator[bytes]) -> None:
        self.status_code = 200
        self.background = None
        self._answers = answers
        self._frames = frames
        # Without a length; proxies are asked not to collect.
        self.raw_headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with Watch(Request(scope, receive), self._answers.cancel):
                head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
                await send(head)
                async for frame in self._frames:
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._answers.close()


class Watch:
    """Calls a function when the client of a request goes away."""

    def __init__(self, request: Request, gone: Callable[[], None]) -> None:
        self._request = request
        self._gone = gone
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        self._task = asyncio.create_task(self._wait())

    def __exit__(self, *args: object) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _wait(self) -> None:
        while True:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                self._gone()
                return

"""The routes of the server."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from engine.server import native, texts
from engine.server.answers import Answers, Desk, Start
from engine.server.backend import Backend
from engine.server.chat_answers import ChatAnswers
from engine.server.chat_request import ChatCall, read_chat
from engine.server.completions import TextAnswers, TextCall, read_completion
from engine.server.errand import Errand
from engine.server.errors import INVALID, NOT_FOUND, ApiError, as_api_error
from engine.server.fields import Fields, read_object
from engine.server.guard import Guard
from engine.server.names import current, label, model_id
from engine.server.options import ServerOptions
from engine.server.page import PAGE_FILES, page_file
from engine.server.streaming import Telling, Watch, json_response, reply_stream, reply_whole

T = TypeVar("T")

Handler = Callable[[Request], Awaitable[Response]]
Work = Callable[[Fields, Errand[dict[str, Any]]], dict[str, Any]]


def create_app(backend: Backend, options: ServerOptions, desk: Desk | None = None) -> ASGIApp:
    """The server as an ASGI application. desk: where its requests are counted."""
    api = _Api(backend, options, desk or Desk(options.limits))
    app = Starlette(
        routes=api.routes(),
        exception_handlers={HTTPException: _refused},
    )
    # A path that is not there is told only to those who know the key.
    return Guard(app, options, frozenset(PAGE_FILES) if options.page else frozenset())


class _Api:
    """Every route's function."""

    def __init__(self, backend: Backend, options: ServerOptions, desk: Desk) -> None:
        self._backend = backend
        self._options = options
        self._desk = desk
        # Of its own, so that requests are read whatever else waits for the model.
        self._readers = ThreadPoolExecutor(options.limits.running, thread_name_prefix="reader")

    def routes(self) -> list[BaseRoute]:
        """The paths, with and without /v1 where llama.cpp's clients leave it out."""
        both = {
            "/chat/completions": (self._chat, "POST"),
            "/chat/completions/input_tokens": (self._input_tokens, "POST"),
            "/embeddings": (self._embeddings, "POST"),
            "/models": (self._models, "GET"),
            "/models/{name:path}": (self._model, "GET"),
            "/health": (self._health, "GET"),
        }
        found = [(f"/v1{path}", *route) for path, route in both.items()]
        found += [(path, *route) for path, route in both.items()]
        found += [
            ("/v1/completions", self._completions, "POST"),
            ("/completion", self._native, "POST"),
            ("/completions", self._native, "POST"),
            ("/apply-template", self._template, "POST"),
            ("/tokenize", self._tokenize, "POST"),
            ("/detokenize", self._detokenize, "POST"),
            ("/props", self._props, "GET"),
            ("/slots", self._slots, "GET"),
        ]
        if self._options.page:
            found += [(path, page_file, "GET") for path in PAGE_FILES]
        return [Route(path, _guarded(run), methods=[how]) for path, run, how in found]

    async def _chat(self, request: Request) -> Response:
        fields = await self._read(request)
        served = current(self._backend)
        limits = self._options.limits
        call = await self._off(lambda: read_chat(fields, self._backend, limits))
        prompt = await self._off(lambda: self._shown(call))
        starts: list[Start[Any]] = [
            lambda told, one=one: self._backend.chat(one, told)  # type: ignore[misc]
            for one in call.requests
        ]
        telling = ChatAnswers(call, label(served, self._options), prompt)
        return await self._reply(request, starts, telling, call.stream)

    async def _completions(self, request: Request) -> Response:
        fields = await self._read(request)
        served = current(self._backend)
        limits = self._options.limits
        call = await self._off(lambda: read_completion(fields, self._backend, limits))
        telling = TextAnswers(call, label(served, self._options))
        return await self._reply(request, self._starts(call), telling, call.stream)

    async def _native(self, request: Request) -> Response:
        fields = await self._read(request)
        served = current(self._backend)
        call = await self._off(
            lambda: native.read_native(fields, self._backend, self._options.limits)
        )
        telling = native.NativeAnswers(call, model_id(served, self._options))
        starts = self._starts(call)
        return await self._reply(request, starts, telling, call.stream, done=False)

    async def _embeddings(self, request: Request) -> Response:
        return await self._work(
            request,
            lambda fields, errand: texts.embeddings(
                fields, self._backend, self._model_id(), errand
            ),
        )

    async def _tokenize(self, request: Request) -> Response:
        return await self._work(request, lambda fields, _: texts.tokenize(fields, self._backend))

    async def _detokenize(self, request: Request) -> Response:
        return await self._work(request, lambda fields, _: texts.detokenize(fields, self._backend))

    async def _template(self, request: Request) -> Response:
        def render(fields: Fields, _: object) -> dict[str, Any]:
            call = read_chat(fields, self._backend, self._options.limits)
            return {"prompt": self._backend.prompt(call.requests[0])}

        return await self._work(request, render)

    async def _input_tokens(self, request: Request) -> Response:
        def count(fields: Fields, _: object) -> dict[str, Any]:
            call = read_chat(fields, self._backend, self._options.limits)
            tokens = self._backend.tokens(call.requests[0])
            return {"object": "response.input_tokens", "input_tokens": tokens}

        return await self._work(request, count)

    async def _models(self, request: Request) -> Response:
        entries = [self._entry()] if self._backend.loaded is not None else []
        return json_response({"object": "list", "data": entries})

    async def _model(self, request: Request) -> Response:
        name = request.path_params["name"]
        if self._backend.loaded is not None and name in (self._model_id(), *self._options.names):
            return json_response(self._entry())
        raise ApiError(NOT_FOUND, f"There is no model {name[:100]!r}.", "model")

    async def _health(self, request: Request) -> Response:
        current(self._backend)
        return json_response({"status": "ok"})

    async def _props(self, request: Request) -> Response:
        served = current(self._backend)
        return json_response(native.props(served, self._options, self._backend.sampling(None)))

    async def _slots(self, request: Request) -> Response:
        return json_response(native.slots(self._desk, current(self._backend), self._options))

    def _entry(self) -> dict[str, Any]:
        served = current(self._backend)
        return native.model_entry(served, self._options)

    def _model_id(self) -> str:
        return model_id(current(self._backend), self._options)

    def _starts(self, call: TextCall) -> list[Start[str]]:
        return [
            lambda told, one=one: self._backend.generate(one, told)  # type: ignore[misc]
            for one in call.requests
        ]

    def _shown(self, call: ChatCall) -> str | None:
        wanted = self._options.verbose
        if wanted == "never" or not (call.verbose or wanted == "always"):
            return None
        return self._backend.prompt(call.requests[0])

    async def _reply(
        self,
        request: Request,
        starts: list[Start[T]],
        telling: Telling[T],
        stream: bool,
        done: bool = True,
    ) -> Response:
        answers = Answers(self._desk, starts)
        if stream:
            silence = self._options.limits.keep_alive_seconds
            return await reply_stream(request, answers, telling, silence, done)
        return await reply_whole(request, answers, telling)

    async def _work(self, request: Request, work: Work) -> Response:
        """Answer a request by what the model does in one go."""
        fields = await self._read(request)
        current(self._backend)
        errand = Errand(self._desk, lambda errand: work(fields, errand))
        with Watch(request, errand.cancel):
            return json_response(await errand.run())

    async def _off(self, work: Callable[[], T]) -> T:
        """Run what takes a moment off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def _read(self, request: Request) -> Fields:
        """The JSON object in the body, within the limits. Raises ApiError."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            message = "The body must be JSON, with the header Content-Type: application/json."
            raise ApiError(INVALID, message, status=415)
        limits = self._options.limits
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > limits.body:
            raise _too_large(limits.body)
        body = bytearray()
        try:
            async with asyncio.timeout(limits.body_seconds):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limits.body:
                        raise _too_large(limits.body)
        except TimeoutError as error:
            raise ApiError(INVALID, "The body did not arrive in time.", status=408) from error
        return await self._off(lambda: read_object(bytes(body)))


def _guarded(run: Handler) -> Handler:
    """The function of a route, with every exception turned into a refusal."""

    async def guarded(request: Request) -> Response:
        try:
            return await run(request)
        except HTTPException:
            raise
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:  # noqa: BLE001  (told to the client, and logged if it is a bug)
            refusal = as_api_error(error)
            return json_response(refusal.body(), refusal.status)

    return guarded


async def _refused(request: Request, error: Exception) -> Response:
    """The answer to what the router itself refuses."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        refusal = ApiError(NOT_FOUND, "There is nothing at this address.")
    else:
        message = f"{request.method} does not work here."
        refusal = ApiError(INVALID, message, status=error.status_code)
    response = json_response(refusal.body(), refusal.status)
    response.headers.update(error.headers or {})
    return response


def _too_large(limit: int) -> ApiError:
    return ApiError(INVALID, f"The body is larger than {limit:,} bytes.", status=413)

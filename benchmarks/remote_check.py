"""The client for model servers against a real llama-server.

    python benchmarks/remote_check.py --llama-server PATH [--model FILE] [--key KEY]

PATH: the llama-server of the pinned llama.cpp source (see benchmarks/decode.py for building it).
Starts it on this computer with a key, asks it everything the client can, breaks it, and says for
each check whether it held. Exit status 1 if one did not.
"""

import argparse
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.clock import SystemClock  # noqa: E402
from engine.core.errors import KnownError  # noqa: E402
from engine.core.exchange import Exchange  # noqa: E402
from engine.model.chat_types import ChatRequest, Sampling  # noqa: E402
from engine.model.generation import ContextFull  # noqa: E402
from engine.model.parsing import CallPart, TextPart, ThinkPart  # noqa: E402
from engine.model.remote.answer import RemoteAnswer  # noqa: E402
from engine.model.remote.client import RemoteChat, Remotes  # noqa: E402
from engine.model.remote.endpoint import Endpoint  # noqa: E402
from engine.model.templates import PromptMessage, ToolSpec  # noqa: E402

N_CTX = 2048
GREEDY = Sampling(temperature=0.0, top_k=20, top_p=0.95, min_p=0.0, seed=1)
COUNT = ChatRequest(
    (
        PromptMessage("system", "You are a careful analyst of portfolios. " * 20),
        PromptMessage("user", "What is the difference between realised and unrealised gains?"),
    ),
    sampling=GREEDY,
    max_tokens=48,
)
ENDLESS = replace(COUNT, grammar="root ::= [a-z ] root", max_tokens=1500)
PRICE = ToolSpec(
    "price",
    "The price of an asset.",
    {"type": "object", "properties": {"asset": {"type": "string"}}, "required": ["asset"]},
)
SCHEMA = {
    "type": "object",
    "properties": {"asset": {"enum": ["BTC", "ETH"]}, "n": {"type": "integer"}},
    "required": ["asset", "n"],
}


class Server:
    """A llama-server in a process of its own."""

    def __init__(self, binary: Path, model: Path, key: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [
            *(binary, "-m", model, "--host", "127.0.0.1", "--port", self.port),
            *("--api-key", key, "-c", N_CTX, "-np", 1, "-t", 2, "--jinja", "--no-webui"),
        ]
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.remotes = Remotes(lambda source: True, self._note, SystemClock())
        self.log: list[Exchange] = []
        self.key = key
        self.endpoint = Endpoint("bench", f"http://127.0.0.1:{self.port}", on=True)
        self.loading = ""

    def wait(self) -> None:
        """Until it has loaded; keeps what it says before."""
        for _ in range(600):
            try:
                (model,) = self.remotes.models(self.endpoint, self.key)
            except KnownError as error:
                self.loading = self.loading or ("loading" in str(error) and str(error)) or ""
                time.sleep(0.1)
            else:
                self.endpoint = replace(self.endpoint, model=model.id, n_ctx=model.n_ctx)
                return
        raise SystemExit("llama-server does not come up")

    def chat(self, key: str = "") -> RemoteChat:
        """A connection to it."""
        return self.remotes.chat(
            self.endpoint, key or self.key, lambda request: False, lambda: False
        )

    def _note(self, exchange: Exchange) -> None:
        self.log.append(exchange)


@contextmanager
def started(binary: Path, model: Path, key: str) -> Iterator[Server]:
    """A server that has loaded, ended afterwards."""
    server = Server(binary, model, key)
    try:
        server.wait()
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def text_of(answer: RemoteAnswer) -> str:
    """All it says, thoughts included."""
    parts = [part for part in answer if isinstance(part, TextPart | ThinkPart)]
    return "".join(part.text for part in parts)


def error_of(answer: RemoteAnswer) -> KnownError:
    """What it ends with."""
    try:
        text_of(answer)
    except KnownError as error:
        return error
    raise AssertionError("no error")


def it_tells_its_model(server: Server) -> str:
    assert server.endpoint.n_ctx == N_CTX
    return f"{server.endpoint.model}, {server.endpoint.n_ctx} tokens"


def it_answers_with_figures(server: Server) -> str:
    chat = server.chat()
    answer = chat.chat(COUNT)
    said = text_of(answer)
    stats = answer.stats
    assert said
    assert stats is not None
    assert 0 < stats.tokens <= 48 < stats.prompt_tokens
    assert chat.tokens(COUNT) == stats.prompt_tokens
    return f"{stats.tokens} tokens after {stats.prompt_tokens}, {stats.finish}: {said[:40]!r}"


def it_remembers_the_prompt_and_repeats_itself(server: Server) -> str:
    chat = server.chat()
    first, second = chat.chat(COUNT), chat.chat(COUNT)
    assert text_of(first) == text_of(second)
    assert second.stats is not None
    assert second.stats.cached_tokens > 0
    return f"{second.stats.cached_tokens} of {second.stats.prompt_tokens} in its memory"


def it_tells_how_far_it_has_read(server: Server) -> str:
    seen: list[tuple[int, int]] = []
    question = PromptMessage("user", "Other words for the beginning. " * 100)
    request = replace(COUNT, messages=(question,), max_tokens=1)
    text_of(server.chat().chat(request, lambda done, total: seen.append((done, total))))
    assert seen
    return str(seen[-1])


def it_calls_a_tool(server: Server) -> str:
    request = replace(COUNT, tools=(PRICE,), tool_choice="required", max_tokens=400)
    answer = server.chat().chat(request)
    calls = [part for part in answer if isinstance(part, CallPart)]
    assert calls
    assert calls[0].name == "price"
    return calls[0].raw[:60]


def it_reads_a_conversation_with_calls(server: Server) -> str:
    from engine.model.templates import PromptCall  # noqa: PLC0415

    turn = PromptMessage("assistant", "", (PromptCall("price", '{"asset": "BTC"}'),))
    messages = (*COUNT.messages, turn, PromptMessage("tool", "95,000 USD"))
    return repr(text_of(server.chat().chat(replace(COUNT, messages=messages, tools=(PRICE,))))[:40])


def it_keeps_to_a_schema(server: Server) -> str:
    request = replace(COUNT, schema=SCHEMA, max_tokens=200, thinking=False)
    value = json.loads(text_of(server.chat().chat(request)))
    assert value["asset"] in ("BTC", "ETH")
    return json.dumps(value)[:60]


def it_keeps_to_a_grammar(server: Server) -> str:
    request = replace(COUNT, grammar='root ::= "up" | "down"', thinking=False)
    said = text_of(server.chat().chat(request))
    assert said in ("up", "down")
    return said


def it_tells_probabilities(server: Server) -> str:
    answer = server.chat().chat(replace(COUNT, logprobs=3, max_tokens=5))
    text_of(answer)
    first = answer.logprobs[0]
    assert len(first.top) == 3
    assert first.token >= 0
    assert first.logprob <= 0
    return f"{first.piece!r} {first.logprob:.2f}"


def it_stops_at_once(server: Server) -> str:
    took = []
    for _ in range(20):
        answer = server.chat().chat(ENDLESS)
        next(answer)
        began = time.monotonic()
        answer.cancel()
        assert list(answer) == []
        took.append(time.monotonic() - began)
    began = time.monotonic()
    text_of(server.chat().chat(replace(COUNT, max_tokens=1)))
    again = time.monotonic() - began
    return f"{1000 * max(took):.1f} ms at most; the next answer after {1000 * again:.0f} ms"


def it_refuses_another_key(server: Server) -> str:
    error = error_of(server.chat("wrong").chat(COUNT))
    assert "does not accept the key" in error.sentence
    return error.sentence


def it_tells_a_conversation_that_is_too_long(server: Server) -> str:
    long = PromptMessage("user", "a b c d e f g h " * N_CTX)
    error = error_of(server.chat().chat(replace(COUNT, messages=(long,))))
    assert isinstance(error, ContextFull)
    assert error.n_ctx == N_CTX < error.prompt_tokens
    return error.sentence


def it_says_what_it_does_not_understand(server: Server) -> str:
    error = error_of(server.chat().chat(replace(COUNT, grammar="this is ::= no")))
    return error.sentence[:100]


def it_dies_in_the_middle(server: Server) -> str:
    answer = server.chat().chat(ENDLESS)
    said = next(answer)
    assert isinstance(said, TextPart | ThinkPart)
    threading.Timer(0.02, server.process.kill).start()
    error = error_of(answer)
    assert "broke off" in error.sentence
    after = error_of(server.chat().chat(COUNT))
    return f"{error.sentence} {after.sentence}"


CHECKS: tuple[Callable[[Server], str], ...] = (
    it_tells_its_model,
    it_answers_with_figures,
    it_remembers_the_prompt_and_repeats_itself,
    it_tells_how_far_it_has_read,
    it_calls_a_tool,
    it_reads_a_conversation_with_calls,
    it_keeps_to_a_schema,
    it_keeps_to_a_grammar,
    it_tells_probabilities,
    it_stops_at_once,
    it_refuses_another_key,
    it_tells_a_conversation_that_is_too_long,
    it_says_what_it_does_not_understand,
    it_dies_in_the_middle,
)


def main() -> int:
    """Run the checks; returns 1 if one did not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--llama-server", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "resources/models/starter.gguf")
    parser.add_argument("--key", default="a key for this run")
    args = parser.parse_args()
    failures = 0
    with started(args.llama_server, args.model, args.key.replace(" ", "-")) as server:
        for check in CHECKS:
            try:
                held, found = True, check(server)
            except (AssertionError, KnownError, ValueError, LookupError, StopIteration) as error:
                held, found = False, f"{type(error).__name__}: {error}"
            failures += not held
            print(f"{'held  ' if held else 'FAILED'}  {check.__name__.replace('_', ' ')}: {found}")
        if server.loading:
            print(f"while it loaded: {server.loading}")
        print(f"{len(server.log)} requests in the log")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Both sides of every comparison: llama-server as a child process, and Assay's own client."""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.model.client import GenerateRequest, LoadOptions, ModelClient  # noqa: E402

HOST = "127.0.0.1"
START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer: seconds until its first token and from there to its end, and its figures."""

    first: float
    rest: float
    prompt_tokens: int
    cached_tokens: int
    tokens: int
    text: str

    @property
    def rate(self) -> float:
        """Tokens per second after the first."""
        return (self.tokens - 1) / self.rest if self.rest > 0 else 0.0


class LlamaServer:
    """A running llama-server with one model."""

    def __init__(self, binary: Path, model: Path, *flags: str) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = int(probe.getsockname()[1])
        self.process = subprocess.Popen(
            [str(binary), "-m", str(model), "--host", HOST, "--port", str(self.port), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_SECONDS
        while not self._is_up():
            if time.monotonic() > end or self.process.poll() is not None:
                self.process.kill()
                raise SystemExit("llama-server did not start")
            time.sleep(0.1)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def complete(self, prompt: str, tokens: int, **more: Any) -> Timed:
        """Continue a text greedily, past the end of the answer."""
        body = {
            "prompt": prompt,
            "n_predict": tokens,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
            "cache_prompt": True,
            **more,
        }
        began = time.perf_counter()
        first = last = 0.0
        text, count, figures = "", 0, {}
        for event in self._events("/completion", body):
            last = time.perf_counter()
            first = first or last
            text += event.get("content", "")
            count = event.get("tokens_predicted", count)
            figures = event.get("timings", figures)
        cached = int(figures.get("cache_n", 0))
        read = int(figures.get("prompt_n", 0)) + cached
        count = int(figures.get("predicted_n", count))
        return Timed(first - began, last - first, read, cached, count, text)

    def _events(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1200)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != 200:
                raise SystemExit(f"llama-server answered {response.status}: {response.read()!r}")
            while line := response.readline():
                if line.startswith(b"data: ") and line[6:7] == b"{":
                    yield json.loads(line[6:])
        finally:
            connection.close()

    def _is_up(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Assay:
    """Assay's model child with one model."""

    def __init__(self, model: Path, options: LoadOptions, states: Path | None = None) -> None:
        self.client = ModelClient(lambda state, notice: None, states)
        self.client.load(model, options)

    def close(self) -> None:
        """End it."""
        self.client.close()

    def complete(self, prompt: str, tokens: int, **more: Any) -> Timed:
        """Continue a text greedily, past the end of the answer."""
        request = GenerateRequest(
            prompt, max_tokens=tokens, **{"ignore_end": True, "speculate": False, **more}
        )
        began = time.perf_counter()
        first = last = 0.0
        text = ""
        generation = self.client.generate(request)
        for piece in generation:
            last = time.perf_counter()
            first = first or last
            text += piece
        stats = generation.stats
        assert stats is not None
        # Random weights say half characters, which show late: the child's own clock is exact.
        first = stats.prompt_seconds if tokens > 1 else last - began
        return Timed(
            first, stats.seconds, stats.prompt_tokens, stats.cached_tokens, stats.tokens, text
        )


@contextmanager
def both(
    server: Path,
    model: Path,
    n_ctx: int,
    options: LoadOptions | None = None,
    *flags: str,
    states: Path | None = None,
) -> Iterator[tuple[LlamaServer, Assay]]:
    """llama-server with its defaults (but the context) and Assay with its own, on one file.

    states: the folder in which Assay may keep conversations.
    """
    theirs = LlamaServer(server, model, "-c", str(n_ctx), *flags)
    ours = Assay(model, options or LoadOptions(n_ctx=n_ctx), states)
    try:
        yield theirs, ours
    finally:
        ours.close()
        theirs.close()


def words(count: int, seed: int = 1) -> str:
    """A text of about `count` tokens of the random-weight models' vocabulary, without repeats."""
    state, parts = seed, []
    for _ in range(count):
        state = (state * 1_103_515_245 + 12_345) % (1 << 31)
        parts.append(chr(0x61 + (state >> 16) % 26) + chr(0x61 + (state >> 8) % 26))
    return " ".join(parts)[: 3 * count]


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def conditions(model: Path) -> str:
    """One line about what was measured on what."""
    size = model.stat().st_size / 1e6
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{model.name}, {size:,.0f} MB, {os.cpu_count()} processors, load {load:.1f}"

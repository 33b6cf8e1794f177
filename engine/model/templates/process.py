"""Renders prompts with a model file's own template, in a process that can be ended."""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.templates import PromptMessage, ToolSpec, Traits
from engine.model.templates.conversation import (
    broken_message,
    broken_value,
    call_id,
    tool_object,
)
from engine.model.templates.frames import MAX_OUTPUT, read_frame, write_frame

WALL_SECONDS = 5.0
START_SECONDS = 20.0  # more for the first answer of a new process, on a busy computer
_ROOT = Path(__file__).resolve().parents[3]
_PASSED_ON = ("LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TEMP", "TMPDIR")
_HINT = "Choose another model, or ask whoever made this one for a working chat template."


@dataclass(frozen=True, slots=True)
class ForeignTemplate:
    """A model file's own template; begins, ends: the text of its first and last special tokens,
    "" where the tokenizer adds it."""

    source: str
    traits: Traits
    begins: str = ""
    ends: str = ""


class TemplateRefused(KnownError):
    """The template says that it cannot render such a conversation."""


class TemplateProcess:
    """One process for one file's template; started when needed, replaced after it was ended.

    May be used from any thread; one rendering at a time.
    """

    def __init__(self, template: ForeignTemplate) -> None:
        self._template = template
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def render(
        self,
        messages: Sequence[PromptMessage],
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        open_turn: bool,
        now: datetime,
        broken: bool = False,
    ) -> str:
        """The prompt; KnownError where the template cannot be used, within seconds. thinking:
        None = as the template does by itself.

        Special tokens spelled out in messages are broken up before the template sees them; broken:
        they were, with everything that could be one.
        """
        plain = messages if broken else [broken_message(one, True) for one in messages]
        variables: dict[str, object] = {
            "messages": template_messages(plain, self._template),
            "tools": [broken_value(tool_object(tool), True) for tool in tools] or None,
            "add_generation_prompt": open_turn,
            "bos_token": self._template.begins,
            "eos_token": self._template.ends,
        }
        if thinking is not None:
            variables["enable_thinking"] = thinking
        request = {
            "template": self._template.source,
            "variables": variables,
            "now": now.isoformat(),
        }
        with self._lock:
            return self._ask(request)

    def close(self) -> None:
        """End the process; the next rendering starts another."""
        with self._lock:
            self._end()

    def __del__(self) -> None:
        child = getattr(self, "_child", None)
        if child is not None:
            child.kill(wait=False)

    def _ask(self, request: Mapping[str, object]) -> str:
        fresh = self._child is None or not self._child.is_alive()
        if fresh:
            self._end()
            try:
                self._child = _Child()
            except OSError as error:
                raise known_os_error("start the process for chat templates", error) from error
        assert self._child is not None
        answer = self._child.ask(request, WALL_SECONDS + (START_SECONDS if fresh else 0))
        if not isinstance(answer, dict) or answer.get("error") == "memory":
            self._end()
        return _text_of(answer)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()


def template_messages(
    messages: Sequence[PromptMessage], template: ForeignTemplate
) -> list[dict[str, object]]:
    """The messages in the form templates expect; they must have been broken up before."""
    out: list[dict[str, object]] = []
    called = answered = 0
    for plain in messages:
        one: dict[str, object] = {"role": plain.role, "content": plain.text}
        if plain.thinking:
            one["reasoning_content"] = plain.thinking
        if plain.calls:
            one["tool_calls"] = [
                {
                    "id": call_id(number),
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": broken_value(call.values(), True),
                    },
                }
                for number, call in enumerate(plain.calls, called)
            ]
            called += len(plain.calls)
        if plain.role == "tool":
            one["tool_call_id"] = call_id(answered)
            answered += 1
        for mark in (template.begins, template.ends):
            if mark:
                one = _without(one, mark)
        out.append(one)
    return out


def _without(value: Any, mark: str) -> Any:
    """A JSON value with a special token in it broken up, whatever it looks like."""
    if isinstance(value, str):
        return value.replace(mark, f"{mark[0]} {mark[1:]}")
    if isinstance(value, list):
        return [_without(one, mark) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, mark) for key, one in value.items()}
    return value


def _text_of(answer: object) -> str:
    """The rendered text; raises KnownError for every other answer."""
    if isinstance(answer, dict):
        text = answer.get("text")
        if isinstance(text, str) and len(text) <= MAX_OUTPUT:
            return text
        detail = str(answer.get("detail", ""))
        detail = "".join(one if one.isprintable() else " " for one in detail)[:200].strip()
        match answer.get("error"):
            case "refused":
                raise TemplateRefused(
                    f"The model's chat template refuses this conversation: {detail or 'no reason'}",
                    _HINT,
                )
            case "memory":
                raise KnownError("The model's chat template needs too much memory.", _HINT)
            case "length":
                raise KnownError("The model's chat template writes too long a prompt.", _HINT)
            case "broken":
                raise KnownError(f"The model's chat template does not work ({detail}).", _HINT)
    raise KnownError("The model's chat template did not come to an end and was stopped.", _HINT)


class _Child:
    """A running process. Raises OSError if it cannot start."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        started = threading.Event()
        # The kernel ends the child with the thread that started it, so that thread must live as
        # long as the child: it is the one that reads its answers.
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="template-child", daemon=True
        )
        self._thread.start()
        started.wait()
        if self._failure is not None:
            raise self._failure

    def is_alive(self) -> bool:
        """Whether it is running."""
        assert self._process is not None
        return self._process.poll() is None

    def ask(self, request: Mapping[str, object], seconds: float) -> object:
        """Its answer, None if it died or none came in time."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            write_frame(self._process.stdin, request)
            return self._answers.get(timeout=seconds)
        except (OSError, ValueError, queue.Empty):  # a pipe that is closed is a ValueError
            return None

    def kill(self, wait: bool = True) -> None:
        """End it now; wait: until it has ended."""
        assert self._process is not None
        self._process.kill()
        if wait:
            self._thread.join()

    def _run(self, started: threading.Event) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-m", "engine.model.templates.child", str(os.getpid())],
                cwd=_ROOT,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is not for the child
            )
        except OSError as error:
            self._failure = error
            return
        finally:
            started.set()
        process = self._process
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            while (answer := read_frame(process.stdout)) is not None:
                self._answers.put(answer)
        except (ValueError, RecursionError):  # only a process that was taken over sends such things
            process.kill()
        process.wait()
        self._answers.put(None)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()

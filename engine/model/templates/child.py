"""Runs the chat templates of model files: a process of its own, locked in before the first.

    python -m engine.model.templates.child <pid of the parent>

A template is a program by a stranger. It runs in Jinja's sandbox, which limits neither time nor
memory, so the kernel does.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.model import sandbox
from engine.model.templates.frames import MAX_OUTPUT, read_frame, write_frame

MEMORY = 512 << 20
CPU_SECONDS = 4  # of one rendering


class Refused(TemplateError):
    """The template itself says that it cannot render this conversation."""


class TooLong(Exception):
    """The prompt exceeds MAX_OUTPUT."""


class GenerationTag(Extension):
    """{% generation %} … {% endgeneration %} marks answers for training; here it does nothing."""

    tags = {"generation"}  # noqa: RUF012  (as Jinja declares it)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def environment(now: datetime) -> ImmutableSandboxedEnvironment:
    """Jinja as the templates expect it. now: what they are told when they ask."""
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, GenerationTag]
    )
    made.filters["tojson"] = _to_json
    made.globals["raise_exception"] = _refuse
    made.globals["strftime_now"] = now.strftime
    return made


def render(request: dict[str, Any]) -> str:
    """The text of a request: template, variables, now (ISO)."""
    made = environment(datetime.fromisoformat(request["now"]))
    pieces = []
    length = 0
    for piece in made.from_string(request["template"]).generate(**request["variables"]):
        length += len(piece)
        if length > MAX_OUTPUT:
            raise TooLong
        pieces.append(piece)
    return "".join(pieces)


def answer(request: dict[str, Any]) -> dict[str, str]:
    """The answer to a request: "text", or "error" (a kind) and "detail"."""
    try:
        return {"text": render(request)}
    except Refused as error:
        return {"error": "refused", "detail": str(error)[:200]}
    except TemplateSyntaxError as error:
        return {"error": "broken", "detail": f"line {error.lineno}: {error.message}"[:200]}
    except MemoryError:
        return {"error": "memory", "detail": ""}
    except TooLong:
        return {"error": "length", "detail": ""}
    except RecursionError:
        return {"error": "broken", "detail": "it calls itself without end"}
    except Exception as error:  # noqa: BLE001  (whatever a stranger's program raises)
        return {"error": "broken", "detail": f"{type(error).__name__}: {error}"[:200]}


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _refuse(message: object) -> NoReturn:
    raise Refused(str(message))


def lock_in(parent: int) -> Callable[[], None]:
    """Lock this process in; the function it returns allows the next rendering its time."""
    sandbox.harden(parent)
    # Jinja loads what it needs lazily; the sandbox must not be in force before that.
    answer({"template": "{{ 1 }}", "variables": {}, "now": "2026-01-01"})
    sandbox.lock_in()
    if sys.platform == "win32":
        return lambda: None
    import resource  # noqa: PLC0415  (not on Windows)

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def allow() -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
        resource.setrlimit(
            resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1])
        )

    return allow


def main() -> int:
    """Answer requests until the pipe closes."""
    allow = lock_in(int(sys.argv[1]))
    while (request := read_frame(sys.stdin.buffer)) is not None:
        allow()
        write_frame(sys.stdout.buffer, answer(request))
    return 0


if __name__ == "__main__":
    sys.exit(main())

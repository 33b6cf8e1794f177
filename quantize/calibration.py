"""Dialogues that a model is run over to see which weights matter, as its own template writes them.

A file of dialogues is plain text: "---" lines between them, and in each "@" lines before its parts:

    @system        the text on the next lines
    @tools         one JSON object a line: name, description, parameters
    @user          …
    @assistant     …
    @call NAME     a tool call of the assistant's; the arguments as JSON on the next lines
    @tool          what the call gave

A line of a text that begins with "@" is written with "@@".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf.header import GgufHeader
from engine.model.templates import (
    PromptCall,
    PromptMessage,
    ToolSpec,
    choose_template,
    is_vetted,
    own_template,
    render,
    traits_by_text,
)
from engine.model.templates.conversation import Role
from engine.model.templates.process import ForeignTemplate, TemplateProcess, TemplateRefused

OWN = Path(__file__).parent / "data" / "calibration.txt"
HELD_OUT = OWN.with_name("held_out.txt")  # as long a text about other things, to judge on
MAX_TEXT = 64 << 20
_MARK = re.compile(r"@(\w+) ?(.*)")
_BETWEEN = re.compile(r"^---$", re.M)
_DAY = datetime(2026, 1, 1, 12)  # for templates that tell the date: the same file every day


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation and the tools its assistant has."""

    messages: tuple[PromptMessage, ...]
    tools: tuple[ToolSpec, ...]


def texts_for(header: GgufHeader, files: list[Path]) -> list[str]:
    """Our own dialogues and the user's files as texts for a model. Raises KnownError."""
    return texts_of(header, [OWN, *files])


def texts_of(header: GgufHeader, files: list[Path]) -> list[str]:
    """Files as texts for a model. Raises KnownError.

    One that begins with "@" holds dialogues, any other a text that is taken as it is.
    """
    with _Writer(header) as writer:
        texts = []
        for path in files:
            text = _read(path)
            if not text.startswith("@"):
                texts.append(text)
                continue
            texts += [writer.write(dialogue) for dialogue in read_dialogues(text, path.name)]
        return texts


def read_dialogues(text: str, name: str) -> Iterator[Dialogue]:
    """The dialogues of a file's text; name is the file's, for the message. Raises KnownError."""
    for number, part in enumerate(_BETWEEN.split(text), 1):
        try:
            yield _dialogue(part.strip("\n").split("\n"))
        except (ValueError, KeyError, TypeError) as error:
            raise KnownError(
                f"Dialogue {number} of {name} is not written as it should be: {error}.",
                "docs/quantize.md describes the form.",
            ) from error


def _dialogue(lines: list[str]) -> Dialogue:
    messages: list[PromptMessage] = []
    tools: list[ToolSpec] = []
    for kind, rest, text in _parts(lines):
        if kind == "tools":
            tools += [ToolSpec(**json.loads(line)) for line in text.splitlines()]
        elif kind == "call":
            call = PromptCall(rest, json.dumps(json.loads(text)))
            last = messages[-1] if messages else None
            if last is None or last.role != "assistant":
                messages.append(PromptMessage("assistant", "", (call,)))
            else:
                messages[-1] = PromptMessage("assistant", last.text, (*last.calls, call))
        elif kind in get_args(Role):
            messages.append(PromptMessage(_role(kind), text))
        else:
            raise ValueError(f"@{kind} is not known")
    if not messages:
        raise ValueError("it is empty")
    return Dialogue(tuple(messages), tuple(tools))


def _parts(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """(mark, rest of its line, text) of each part."""
    parts: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if mark := _MARK.fullmatch(line):
            parts.append((mark[1], mark[2], []))
        elif not parts:
            raise ValueError("it does not begin with @user or another mark")
        else:
            parts[-1][2].append(line.removeprefix("@") if line.startswith("@@") else line)
    for kind, rest, text in parts:
        yield kind, rest, "\n".join(text).strip()


def _role(name: str) -> Role:
    roles: dict[str, Role] = {role: role for role in get_args(Role)}
    return roles[name]


class _Writer:
    """Writes dialogues with a model's template: one of ours, or its own in a process apart."""

    def __init__(self, header: GgufHeader) -> None:
        self._template = choose_template(header)
        self._process: TemplateProcess | None = None
        if not is_vetted(header):
            source = own_template(header)
            self._process = TemplateProcess(ForeignTemplate(source, traits_by_text(source)))

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.close()

    def write(self, dialogue: Dialogue) -> str:
        """The whole dialogue as text."""
        messages, tools = dialogue.messages, dialogue.tools
        if self._process is None:
            return render(
                messages,
                tools,
                self._template,
                True,
                open_turn=False,
                today=_DAY.date(),
                spell_tools=True,
            )
        try:
            return self._process.render(messages, tools, None, False, _DAY)
        except TemplateRefused:  # such as one without system texts or tools
            plain = [one for one in messages if one.role in ("user", "assistant") and one.text]
            return self._process.render(plain, (), None, False, _DAY)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_TEXT:
            raise KnownError(f"{path.name} is larger than 64 MB.", "A few hundred kB are plenty.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    except UnicodeDecodeError as error:
        raise KnownError(f"{path.name} is not UTF-8 text.", "Choose a text file.") from error
    if not text.strip():
        raise KnownError(f"{path.name} is empty.", "Choose a text to read.")
    return text

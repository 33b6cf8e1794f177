"""Rendering for models that are not ours: by the Jinja chat template in their tokenizer's folder.

What the assistant wrote is found by rendering beginnings of the dialogue, never by the template's
own {% generation %} marks, which few templates have.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from tokenizers import Tokenizer

from engine.assistant.tools import TOOLS
from engine.model.templates.child import environment
from training.data.chat import HEADER, Message, Piece, Weights, render, render_text
from training.data.dialogue_formats import Dialogue
from training.vocabulary import END_OF_TEXT, TOOL_TOKENS

_TODAY = datetime(2026, 1, 1)  # for templates that ask: the same tokens whenever a run is resumed
_TAG = re.compile(r"(</?(?:think|answer)>)")


class Form:
    """How a model's dialogues are written: as ours for our vocabulary or without a folder, with
    weights by part, else by the folder's template, with weight 1 for all the assistant writes."""

    def __init__(
        self, tokenizer: Tokenizer, folder: Path | None, weights: Weights | None = None
    ) -> None:
        """Raises ValueError if the folder's template is needed and is not usable."""
        ours = tokenizer.token_to_id(TOOL_TOKENS[0]) is not None
        self._template = None if ours or folder is None else ChatTemplate(folder)
        self._weights = weights or Weights()

    def samples(self, dialogue: Dialogue) -> list[list[Piece]]:
        """What is learnt of a dialogue: one sample, or several (ChatTemplate.render)."""
        if dialogue.text:
            end = END_OF_TEXT if self._template is None else self._template.end
            return [[Piece(dialogue.text + end, self._weights.text)]]
        if self._template is None:
            return [render(dialogue.messages, dialogue.tools, self._weights)]
        return self._template.render(dialogue)

    def ending(self, dialogue: Dialogue, shared: int) -> list[Piece]:
        """The whole dialogue, with weights only after its first so many messages."""
        if self._template is not None:
            return self._template.render(dialogue, shared)[-1]
        pieces = render(dialogue.messages, dialogue.tools, self._weights)
        before = len(render(dialogue.messages[:shared], dialogue.tools)) if shared else 0
        return [*(replace(piece, weight=0.0) for piece in pieces[:before]), *pieces[before:]]

    def prompt(self, dialogue: Dialogue) -> str:
        """The text that the next answer stands behind."""
        if self._template is None:
            return render_text(dialogue.messages, dialogue.tools) + HEADER
        return self._template.prompt(dialogue)

    def closing(self) -> str:
        """The text that stands behind an answer; ValueError if the template refuses a question."""
        turns = [{"role": "user", "content": "Well?"}, {"role": "assistant", "content": "Answer."}]
        (*_, pieces) = self.samples(Dialogue(turns, [], []))
        return "".join(piece.text for piece in pieces).rpartition("Answer.")[2]


def weigh_tags(pieces: Sequence[Piece], weight: float) -> Iterator[Piece]:
    """The same pieces with this weight for every <think>, </think>, <answer> and </answer> that
    the assistant writes."""
    for piece in pieces:
        for number, text in enumerate(_TAG.split(piece.text) if piece.weight else [piece.text]):
            if text:
                yield Piece(text, weight if number % 2 else piece.weight)


class ChatTemplate:
    """The template of a tokenizer's folder; end: the token that closes a text."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError if the folder has no usable template."""
        path, described = folder / "chat_template.jinja", folder / "tokenizer_config.json"
        config = json.loads(described.read_text(encoding="utf-8")) if described.is_file() else {}
        source = path.read_text(encoding="utf-8") if path.is_file() else config.get("chat_template")
        if isinstance(source, list):  # several, by name
            source = {one["name"]: one["template"] for one in source}.get("default")
        if not source:
            raise ValueError(f"{folder} has no chat template.")
        self.end = token_named(config, "eos_token")
        self._fixed = {"bos_token": token_named(config, "bos_token"), "eos_token": self.end}
        self._knows_reasoning = "reasoning_content" in source
        try:
            self._template = environment(_TODAY).from_string(source)
        except TemplateError as error:
            raise ValueError(f"The chat template in {folder} is broken: {error}") from error

    def prompt(self, dialogue: Dialogue) -> str:
        """The text that the next answer stands behind; ValueError as render."""
        return self._text(dialogue, len(dialogue.messages), prompt=True)

    def render(self, dialogue: Dialogue, shared: int = 0) -> list[list[Piece]]:
        """One sample, or more where the template shows an earlier answer otherwise once the
        dialogue goes on (Qwen3 drops its reasoning): then each form in which it is written.

        shared: messages from the start of which nothing is learnt.
        Raises ValueError if the template refuses the dialogue or no answer can be found in it.
        """
        made: list[tuple[str, list[tuple[int, int]]]] = []
        for number, message in enumerate(dialogue.messages):
            if message["role"] != "assistant" or number < max(1, shared):
                continue
            before = self._text(dialogue, number, prompt=False)
            asked = self._text(dialogue, number, prompt=True)
            text = self._text(dialogue, number + 1, prompt=False)
            if not text.startswith(before):
                raise ValueError("the chat template changes what was said before an answer")
            if message.get("reasoning_content", "").strip() not in text:
                raise ValueError("the chat template leaves out the reasoning of an answer")
            # The prompt may open the answer, with "<think>" for example: that is not learnt.
            span = (_shared(asked, text), len(text.rstrip()))
            if made and text.startswith(made[-1][0]):
                made[-1] = text, [*made[-1][1], span]
            else:
                made.append((text, [span]))
        return [_pieces(text, spans) for text, spans in made]

    def _text(self, dialogue: Dialogue, count: int, prompt: bool) -> str:
        try:
            return self._template.render(
                messages=[self._message(message) for message in dialogue.messages[:count]],
                tools=[*dialogue.schemas] or [_schema(name) for name in dialogue.tools] or None,
                add_generation_prompt=prompt,
                **self._fixed,
            )
        except TemplateError as error:
            raise ValueError(f"the chat template refuses it: {error}") from error

    def _message(self, message: Message) -> dict[str, Any]:
        made = dict(message)
        if message.get("tool_calls"):
            made["tool_calls"] = [
                {"type": "function", "function": call} for call in message["tool_calls"]
            ]
        if not self._knows_reasoning and (reasoning := made.pop("reasoning_content", "")):
            made["content"] = f"<think>\n{reasoning}\n</think>\n\n{made['content']}"
        return made


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[Piece]:
    made, place = [], 0
    for start, end in spans:
        made += [Piece(text[place:start]), Piece(text[start:end], 1.0)]
        place = end
    return [piece for piece in [*made, Piece(text[place:])] if piece.text]


def _schema(name: str) -> dict[str, Any]:
    bare = {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    return TOOLS[name].schema() if name in TOOLS else bare


def token_named(config: dict[str, Any], name: str) -> str:
    """A special token of tokenizer_config.json, such as "eos_token"; "" if it names none."""
    value = config.get(name) or ""
    return str(value["content"] if isinstance(value, dict) else value)

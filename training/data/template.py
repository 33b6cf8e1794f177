"""Rendering for models that are not ours: by the Jinja chat template in their tokenizer's folder.

What the assistant wrote is found by rendering beginnings of the dialogue, never by the template's
own {% generation %} marks, which few templates have.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from tokenizers import Tokenizer

from engine.assistant.tools import TOOLS
from engine.model.templates.child import environment
from training.data.chat import Message, Piece, Weights, render
from training.data.dialogue_formats import Dialogue
from training.vocabulary import END_OF_TEXT, TOOL_TOKENS

Renderer = Callable[[Dialogue], list[list[Piece]]]
_TODAY = datetime(2026, 1, 1)  # for templates that ask: the same tokens whenever a run is resumed
_TAG = re.compile(r"(</?(?:think|answer)>)")


def renderer(tokenizer: Tokenizer, folder: Path | None, weights: Weights) -> Renderer:
    """What turns a dialogue into samples: our format with weights by part for our vocabulary or
    without a folder, else the folder's template with weight 1 for all the assistant writes."""
    ours = tokenizer.token_to_id(TOOL_TOKENS[0]) is not None
    template = None if ours or folder is None else ChatTemplate(folder)
    end = END_OF_TEXT if template is None else template.end

    def samples(dialogue: Dialogue) -> list[list[Piece]]:
        if dialogue.text:
            return [[Piece(dialogue.text + end, weights.text)]]
        if template is None:
            return [render(dialogue.messages, dialogue.tools, weights)]
        return template.render(dialogue)

    return samples


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
        self.end = _token(config, "eos_token")
        self._fixed = {"bos_token": _token(config, "bos_token"), "eos_token": self.end}
        self._knows_reasoning = "reasoning_content" in source
        try:
            self._template = environment(_TODAY).from_string(source)
        except TemplateError as error:
            raise ValueError(f"The chat template in {folder} is broken: {error}") from error

    def render(self, dialogue: Dialogue) -> list[list[Piece]]:
        """One sample, or more where the template shows an earlier answer otherwise once the
        dialogue goes on (Qwen3 drops its reasoning): then each form in which it is written.

        Raises ValueError if the template refuses the dialogue or no answer can be found in it.
        """
        made: list[tuple[str, list[tuple[int, int]]]] = []
        for number, message in enumerate(dialogue.messages):
            if message["role"] != "assistant" or number == 0:
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


def _token(config: dict[str, Any], name: str) -> str:
    value = config.get(name) or ""
    return str(value["content"] if isinstance(value, dict) else value)

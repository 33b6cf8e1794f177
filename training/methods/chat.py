"""Talk to a model in the terminal, to see what it has learnt; no tool is run.

Ctrl-C ends an answer, at the prompt the talk.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer
from transformers.generation import TextStreamer

from engine.core.errors import KnownError
from training.methods.common import CONFIG, Options
from training.methods.tokenizer import TEMPLATE
from training.models.loading import ADAPTER, load_frozen
from training.models.yarn import stretched
from training.vocabulary import END_OF_TEXT, TOOL_NAMES, TURN_END

_TOOLS = [{"type": "function", "function": {"name": name}} for name in TOOL_NAMES]


@dataclass(frozen=True)
class Config:
    """model: folder of any result or checkpoint; tokenizer: its tokenizer, if elsewhere.

    longest: tokens of an answer. temperature: 0 = always the likeliest token; top_p: chosen among
    the likeliest tokens that hold this share. yarn: times the context the model was trained on.
    """

    model: str
    tokenizer: str = ""
    system: str = ""  # what stands before the first question
    longest: int = 200
    temperature: float = 0.0
    top_p: float = 1.0
    yarn: float = 1.0

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1 or self.longest < 1:
            raise ValueError("temperature is at least 0, top_p above 0 and at most 1, longest > 0.")


def run(config: Config, options: Options) -> bool:
    """Read questions until the end of input and print the answers as they are written."""
    folder = Path(config.model)
    settings = {}
    if config.yarn != 1:
        settings = stretched(AutoConfig.from_pretrained(folder, local_files_only=True), config.yarn)
    model = load_frozen(folder, writes=True, **settings)
    tokenizer = AutoTokenizer.from_pretrained(
        tokenizer_of(folder, config.tokenizer), local_files_only=True
    )
    messages = [{"role": "system", "content": config.system}] if config.system else []
    if isinstance(sys.stdin, TextIOWrapper):  # what is not UTF-8 is no end of the talk
        sys.stdin.reconfigure(errors="replace")
    while True:
        try:
            question = input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return True
        messages.append({"role": "user", "content": question})
        answer = reply(
            model, tokenizer, prompt_of(tokenizer, messages), config.longest,
            config.temperature, config.top_p, lambda text: print(text, end="", flush=True),
        )  # fmt: skip
        print(flush=True)
        messages.append({"role": "assistant", "content": answer})


def tokenizer_of(folder: Path, named: str = "") -> Path:
    """The folder of a model's tokenizer: the one named, the model's own, or that of the model it
    was trained from, as the run's or the adapter's settings say."""
    places = [named] if named else [str(folder)]
    for path, keys in (
        (folder / ADAPTER, ("base_model_name_or_path",)),
        (folder.parent / CONFIG, ("tokenizer", "model")),
    ):
        if path.is_file() and not named:
            said = json.loads(path.read_text(encoding="utf-8"))
            places += [str(said[key]) for key in keys if said.get(key)]
    for place in places:
        if (Path(place) / "tokenizer_config.json").is_file():
            return Path(place)
    raise KnownError(f"{folder} has no tokenizer.", "Name its folder with --tokenizer.")


def prompt_of(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    """The text an answer follows: by the model's own template, with the tools' names where it is
    ours; a model without a template goes on with the text of the last message."""
    template = tokenizer.chat_template
    if not template:
        return messages[-1]["content"]
    ours = template.strip() == TEMPLATE.read_text(encoding="utf-8").strip()
    text: str = tokenizer.apply_chat_template(
        messages, tools=_TOOLS if ours else None, tokenize=False, add_generation_prompt=True
    )
    return text


class _Stream(TextStreamer):  # type: ignore[misc]  # transformers is untyped here
    """Passes text on as soon as it is sure, and keeps it."""

    def __init__(self, tokenizer: Any, say: Callable[[str], None]) -> None:
        super().__init__(
            tokenizer,
            skip_prompt=True,
            skip_special_tokens=True,
            clean_up_tokenization_spaces=False,
        )
        self.say, self.text = say, ""

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self.text += text
        self.say(text)


def reply(
    model: Any,
    tokenizer: Any,
    prompt: str,
    longest: int = 200,
    temperature: float = 0.0,
    top_p: float = 1.0,
    say: Callable[[str], None] = lambda text: None,
) -> str:
    """The model's continuation of prompt, as far as it came before Ctrl-C; say gets it in parts."""
    ids = torch.tensor([tokenizer.encode(prompt, add_special_tokens=False)], device=model.device)
    known, own = tokenizer.get_vocab(), model.generation_config.eos_token_id
    stops = {known[token] for token in (TURN_END, END_OF_TEXT) if token in known}
    stops |= set(own if isinstance(own, list) else [] if own is None else [own])
    stream = _Stream(tokenizer, say)
    sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0}
    try:
        with torch.no_grad():
            model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=longest,
                eos_token_id=sorted(stops) or None,
                pad_token_id=min(stops, default=0),
                use_cache=True,
                streamer=stream,
                **(sampling if temperature else {"do_sample": False}),
            )
    except KeyboardInterrupt:
        stream.end()
    return stream.text

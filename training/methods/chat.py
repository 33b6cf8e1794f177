"""Talk to a model in the terminal, to see what it has learnt; no tool is run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from training.data.chat import render_text
from training.loop import device
from training.methods.common import Options
from training.models.loading import load
from training.tokenizer import load_tokenizer
from training.vocabulary import END_OF_TEXT, TOOL_NAMES, TURN_END


@dataclass(frozen=True)
class Config:
    """model: folder of any result or checkpoint; tokenizer: its tokenizer, if elsewhere."""

    model: str
    tokenizer: str = ""
    system: str = ""
    longest: int = 200


def run(config: Config, options: Options) -> bool:
    """Read questions until the end of input and print the answers."""
    model = load(config.model).to(device.pick()).eval()
    tokenizer = load_tokenizer(Path(config.tokenizer or config.model))
    messages = [{"role": "system", "content": config.system}]
    while True:
        try:
            question = input("> ")
        except EOFError:
            return True
        messages.append({"role": "user", "content": question})
        prompt = render_text(messages, TOOL_NAMES) + "<|im_start|>assistant\n"
        answer = reply(model, tokenizer, prompt, config.longest)
        messages.append({"role": "assistant", "content": answer})
        print(answer, flush=True)


def reply(model: Any, tokenizer: Tokenizer, prompt: str, longest: int = 200) -> str:
    """The model's greedy continuation of prompt, at most longest tokens."""
    ids = torch.tensor([tokenizer.encode(prompt).ids], device=model.device)
    stops = [
        number
        for token in (TURN_END, END_OF_TEXT)
        if (number := tokenizer.token_to_id(token)) is not None
    ]
    with torch.no_grad():
        output = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=longest,
            do_sample=False,
            eos_token_id=stops,
            pad_token_id=stops[0],
            use_cache=True,
        )
    text: str = tokenizer.decode(output[0, ids.shape[1] :].tolist())
    return text

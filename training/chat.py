"""Talk to a checkpoint in the terminal, to see what it has learnt; no tool is run."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from training import checkpoint
from training.data.chat import render_text
from training.tokenizer import load_tokenizer
from training.vocabulary import END_OF_TEXT, TOOL_NAMES, TURN_END


def reply(model: Qwen3ForCausalLM, tokenizer: Tokenizer, prompt: str, longest: int = 200) -> str:
    """The model's greedy continuation of prompt, at most longest tokens."""
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    stops = [tokenizer.token_to_id(token) for token in (TURN_END, END_OF_TEXT)]
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


def talk(model_folder: Path, tokenizer_folder: Path, system: str) -> None:
    """Read questions until end of input and print the answers."""
    model = checkpoint.load_weights(model_folder).eval()
    tokenizer = load_tokenizer(tokenizer_folder)
    messages = [{"role": "system", "content": system}]
    while True:
        try:
            question = input("> ")
        except EOFError:
            return
        messages.append({"role": "user", "content": question})
        prompt = render_text(messages, TOOL_NAMES) + "<|im_start|>assistant\n"
        answer = reply(model, tokenizer, prompt)
        messages.append({"role": "assistant", "content": answer})
        print(answer, flush=True)

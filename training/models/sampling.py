"""Text from a model for many prompts at once, through transformers' generate()."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from engine.core.errors import KnownError
from training.vocabulary import END_OF_TEXT, TURN_END


def stop_tokens(tokenizer: Tokenizer, folder: Path) -> list[int]:
    """Ids of the tokens that end a turn or a text, those that the model's folder names among them.

    Raises KnownError if there are none.
    """
    found = [tokenizer.token_to_id(token) for token in (TURN_END, END_OF_TEXT)]
    settings = folder / "generation_config.json"
    if settings.is_file():
        named = json.loads(settings.read_text(encoding="utf-8")).get("eos_token_id")
        found += named if isinstance(named, list) else [named]
    stops = list(dict.fromkeys(number for number in found if number is not None))
    if not stops:
        raise KnownError(
            f"Nothing says what ends an answer: there is neither {TURN_END} nor {END_OF_TEXT}.",
            f"Name the token in generation_config.json in {folder}, as eos_token_id.",
        )
    return stops


def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    stops: Sequence[int],
    longest: int,
    temperature: float,
    seed: int,
) -> list[list[int]]:
    """A continuation of each prompt, up to and with the first stop, of at most longest tokens.

    temperature: 0 = always the likeliest token. The same seed, prompts and weights give the same
    text; the state of the random generator is left as it was.
    """
    width = max(map(len, prompts))
    place = next(model.parameters()).device
    ids = torch.tensor([[stops[0]] * (width - len(p)) + list(p) for p in prompts], device=place)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=place)
    drawn = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(enabled=temperature > 0):
            if temperature:
                torch.manual_seed(seed)
            output = model.generate(
                ids,
                attention_mask=mask,
                max_new_tokens=longest,
                eos_token_id=list(stops),
                pad_token_id=stops[0],
                use_cache=True,
                **(drawn if temperature else {"do_sample": False}),
            )
    finally:
        model.train(was_training)
    return [_until(row, stops) for row in output[:, width:].tolist()]


def _until(tokens: list[int], stops: Sequence[int]) -> list[int]:
    for place, token in enumerate(tokens):
        if token in stops:
            return tokens[: place + 1]
    return tokens

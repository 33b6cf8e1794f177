"""A Hugging Face checkpoint: which of its files a build reads, and what they say of the model."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO

from engine.builds.facts import Facts
from engine.core.builds import BuildSource
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.model.card import licence, read_card

CONFIG, INDEX, SINGLE = "config.json", "model.safetensors.index.json", "model.safetensors"
TOKENIZER, CARD, DETAILS = "tokenizer.json", "README.md", "assay.json"
NEEDED = (CONFIG, TOKENIZER)
OPTIONAL = ("tokenizer_config.json", "generation_config.json", "chat_template.jinja", CARD)
LARGEST_JSON = 64 << 20
CONVERTIBLE = (
    "LlamaForCausalLM",
    "MistralForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen2MoeForCausalLM",
    "Qwen3ForCausalLM",
    "Qwen3MoeForCausalLM",
    "Glm4MoeForCausalLM",
    "Gemma2ForCausalLM",
    "Gemma3ForCausalLM",
)
"""The kinds that `assay-quantize convert` knows."""
SAFE = ".safetensors"
_SHARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,194}\.safetensors")
_MOST_SHARDS = 1000
_SHAPE = {
    "block_count": "num_hidden_layers",
    "embedding_length": "hidden_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.value_length": "head_dim",
    "feed_forward_length": "intermediate_size",
    "context_length": "max_position_embeddings",
    "expert_used_count": "num_experts_per_tok",
    "expert_feed_forward_length": "moe_intermediate_size",
}
_WIDTHS = {"F32": 4, "F16": 2, "BF16": 2}
_LARGEST_NUMBER = 1 << 24
_AGAIN = "Get the model's folder again, complete."


def facts_of(
    source: BuildSource,
    config: bytes,
    weights: int,
    tokenizer: int,
    download: int = 0,
    precision: int = 0,
) -> Facts:
    """What the config says. source: as far as it is known; weights, tokenizer: bytes of the files;
    precision: bytes of a weight, 0 if only the config tells.

    Raises KnownError if no build can be made of such a model.
    """
    values = json_object(config, CONFIG)
    kinds = values.get("architectures")
    kind = kinds[0] if isinstance(kinds, list) and kinds and isinstance(kinds[0], str) else ""
    if kind not in CONVERTIBLE:
        raise KnownError(
            f'The model is of the kind "{clean_text(kind, 40)}", which Assay cannot convert.',
            f"Models that can be converted: {', '.join(CONVERTIBLE)}.",
        )
    if values.get("quantization_config") is not None:
        raise KnownError(
            "The model is quantized already, so that doing it again would only lose quality.",
            "Choose the model in its original precision.",
        )
    dtype = values.get("torch_dtype", values.get("dtype"))
    precision = precision or (4 if dtype == "float32" else 2)
    found = {key: _number(values.get(name)) for key, name in _SHAPE.items()}
    shape = {key: number for key, number in found.items() if number}
    words = _number(values.get("vocab_size"))
    outside = words * shape.get("embedding_length", 0)
    tied = values.get("tie_word_embeddings") is True
    return Facts(
        BuildSource(
            source.kind,
            source.place,
            source.name,
            clean_text(str(values.get("model_type", kind)), 40),
            weights // precision,
            weights,
            source.licence,
            source.version,
        ),
        precision,
        outside if tied else 2 * outside,
        tokenizer // 2,  # what a GGUF file needs for the same vocabulary
        shape,
        download,
        words,
    )


def shards_of(index: bytes) -> tuple[list[str], int]:
    """The files of the weights, and their bytes together. Raises KnownError."""
    values = json_object(index, INDEX)
    places = values.get("weight_map")
    names = sorted({str(place) for place in places.values()}) if isinstance(places, dict) else []
    if not 0 < len(names) <= _MOST_SHARDS:
        raise KnownError(f"{INDEX} is damaged.", _AGAIN)
    for name in names:
        if not _SHARD.fullmatch(name) or ".." in name:
            raise KnownError(f"{INDEX} names a file that is no {SAFE} file beside it.", _AGAIN)
    told = values.get("metadata")
    total = told.get("total_size") if isinstance(told, dict) else None
    return names, total if type(total) is int and 0 < total < 1 << 45 else 0


def licence_of(card: bytes, details: bytes = b"") -> str:
    """What a model card's head, or an assay.json, names as the licence; "" if nothing is named."""
    if details:
        value = json_object(details, DETAILS).get("license")
        if isinstance(value, str):
            return clean_text(value, 60)
    return clean_text(licence(read_card(card)), 60)


def precision_of(file: BinaryIO) -> int:
    """Bytes of most weights of a .safetensors file by its head; 0 if that does not tell."""
    widths: Counter[int] = Counter()
    with suppress(ValueError, RecursionError, TypeError, KeyError, AttributeError):
        head = json.loads(file.read(min(int.from_bytes(file.read(8), "little"), LARGEST_JSON)))
        head.pop("__metadata__", None)
        for tensor in head.values():
            first, end = tensor["data_offsets"]
            widths[_WIDTHS[tensor["dtype"]]] += end - first
    return widths.most_common(1)[0][0] if widths else 0


def json_object(data: bytes, name: str) -> Mapping[str, object]:
    """A JSON file's object. Raises KnownError."""
    try:
        values = json.loads(data)
        if isinstance(values, dict):
            return values
    except (ValueError, RecursionError):
        pass
    raise KnownError(f"{name} is damaged.", _AGAIN)


def no_safe_weights(where: str) -> KnownError:
    """The error for a checkpoint that only has weights of another kind."""
    return KnownError(
        f"{where} has no weights as {SAFE} files.",
        "Others can run code when they are opened. Get the model with .safetensors files.",
    )


def _number(value: object) -> int:
    return value if type(value) is int and 0 < value <= _LARGEST_NUMBER else 0

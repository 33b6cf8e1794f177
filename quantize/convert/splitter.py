"""How a tokenizer.json splits text before merging, as llama.cpp's name for it."""

from engine.core.errors import KnownError

# The split expression of Qwen2, Qwen2.5 and Qwen3 as their tokenizer.json holds it.
_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_NAMES = {_QWEN2: "qwen2"}

# Settings of byte-level BPE that llama.cpp does not have; everything falsy is the plain case.
_MODEL_EXTRAS = (
    "dropout",
    "unk_token",
    "continuing_subword_prefix",
    "end_of_word_suffix",
    "fuse_unk",
    "byte_fallback",
    "ignore_merges",
)


def pre_tokenizer_name(content: dict[str, object]) -> str:
    """The tokenizer.ggml.pre of a tokenizer.json's content.

    llama.cpp does not normalise texts; for the NFC that Qwen's tokenizers ask for this makes a
    difference only for rare decomposed texts. Raises KnownError for everything it cannot say.
    """
    model = content.get("model")
    if not isinstance(model, dict) or model.get("type") != "BPE":
        raise _unknown("is not byte-level BPE")
    for name in _MODEL_EXTRAS:
        if model.get(name):
            raise _unknown(f"uses {name}")
    normalizer = content.get("normalizer")
    if normalizer is not None and normalizer != {"type": "NFC"}:
        raise _unknown("changes the text before splitting it")
    steps = _steps(content.get("pre_tokenizer"))
    if len(steps) != 2 or not _is_split(steps[0]) or not _is_byte_level(steps[1]):
        raise _unknown("splits text in a way of its own")
    pattern = steps[0]["pattern"]
    expression = pattern.get("Regex") if isinstance(pattern, dict) else None
    if expression not in _NAMES:
        raise _unknown("splits text by an expression of its own")
    return _NAMES[expression]


def _steps(value: object) -> list[dict[str, object]]:
    steps = value.get("pretokenizers") if isinstance(value, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return []
    return steps


def _is_split(step: dict[str, object]) -> bool:
    plain = step.get("behavior") == "Isolated" and not step.get("invert")
    return step.get("type") == "Split" and plain and "pattern" in step


def _is_byte_level(step: dict[str, object]) -> bool:
    plain = not step.get("add_prefix_space") and not step.get("use_regex")
    return step.get("type") == "ByteLevel" and plain


def _unknown(detail: str) -> KnownError:
    return KnownError(
        f"The model's tokenizer {detail}, which Assay cannot convert yet.",
        "Tokenizers of Qwen2, Qwen2.5 and Qwen3 can be converted.",
    )

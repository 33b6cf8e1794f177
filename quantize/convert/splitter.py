"""How a tokenizer.json splits text before merging, as llama.cpp's name for it."""

from engine.core.errors import KnownError

_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# The split expressions of Qwen2, Qwen2.5 and Qwen3, and of Llama 3 and GLM-4, as their
# tokenizer.json holds them; GPT-2's, which MiniMind uses, is built into the ByteLevel step.
_QWEN2 = _WORDS + r"\p{N}" + _REST
_LLAMA3 = _WORDS + r"\p{N}{1,3}" + _REST
_GPT2 = "the expression of ByteLevel"
# By expression and ignore_merges: whether a word of the vocabulary is one token at once.
_NAMES = {
    (_QWEN2, False): "qwen2",
    (_LLAMA3, True): "llama-bpe",
    (_LLAMA3, False): "glm4",
    (_GPT2, False): "gpt-2",
}

# Settings of byte-level BPE that llama.cpp does not have; everything falsy is the plain case.
_MODEL_EXTRAS = (
    "dropout",
    "unk_token",
    "continuing_subword_prefix",
    "end_of_word_suffix",
    "fuse_unk",
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
    whole = bool(model.get("ignore_merges"))
    known = _NAMES.get((_expression(content.get("pre_tokenizer")), whole))
    if known is None:
        raise _unknown("uses ignore_merges" if whole else "splits text by an expression of its own")
    return known


def _expression(value: object) -> str:
    if isinstance(value, dict) and _is_byte_level(value, regex=True):
        return _GPT2
    steps = _steps(value)
    if len(steps) != 2 or not _is_split(steps[0]) or not _is_byte_level(steps[1], regex=False):
        raise _unknown("splits text in a way of its own")
    pattern = steps[0]["pattern"]
    return str(pattern.get("Regex")) if isinstance(pattern, dict) else ""


def _steps(value: object) -> list[dict[str, object]]:
    steps = value.get("pretokenizers") if isinstance(value, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return []
    return steps


def _is_split(step: dict[str, object]) -> bool:
    plain = step.get("behavior") == "Isolated" and not step.get("invert")
    return step.get("type") == "Split" and plain and "pattern" in step


def _is_byte_level(step: dict[str, object], regex: bool) -> bool:
    plain = not step.get("add_prefix_space") and bool(step.get("use_regex", True)) == regex
    return step.get("type") == "ByteLevel" and plain


def _unknown(detail: str) -> KnownError:
    return KnownError(
        f"The model's tokenizer {detail}, which Assay cannot convert yet.",
        "Tokenizers like those of Qwen2, Qwen3, Llama, GLM-4 and GPT-2 can be converted.",
    )

"""SentencePiece's BPE as tokenizer.json holds it (Llama 2, Gemma), for llama.cpp's "llama".

Both merge neighbours by rank; llama.cpp takes it from a score per token instead of from a list of
merges, which is the same where every way to make a token has the same rank.
"""

from engine.core.errors import KnownError

NORMAL, UNKNOWN, USER_DEFINED, BYTE = 1, 2, 4, 6
SPACE = "▁"
_PREPEND = {"type": "Prepend", "prepend": SPACE}
_REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
# Gemma's, which finds nothing, since no space is left where it looks.
_SPLIT = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"}
_BYTES = {f"<0x{value:02X}>" for value in range(256)}
_LEAST = -1e9  # of tokens that no merge makes


def is_pieces(content: dict[str, object]) -> bool:
    """Whether a tokenizer.json holds a tokenizer of this kind. Raises KnownError for variants."""
    model = content.get("model")
    if not isinstance(model, dict) or model.get("type") != "BPE" or not model.get("byte_fallback"):
        return False
    split = content.get("pre_tokenizer")
    plain = split in (None, {**_SPLIT, "invert": False}) and not model.get("ignore_merges")
    if (
        _steps(content) not in ([_PREPEND, _REPLACE], [_REPLACE])
        or not plain
        or model.get("dropout")
    ):
        raise KnownError(
            "The model's tokenizer is a variant of SentencePiece's that Assay cannot convert yet.",
            "Those that only put ▁ for spaces and before a text can be converted.",
        )
    return True


def is_prefixed(content: dict[str, object]) -> bool:
    """Whether it puts "▁" before a text."""
    return _PREPEND in _steps(content)


def _steps(content: dict[str, object]) -> list[object]:
    normalizer = content.get("normalizer")
    steps = normalizer.get("normalizers") if isinstance(normalizer, dict) else None
    return steps if isinstance(steps, list) else [normalizer]


def piece_types(tokens: tuple[str, ...], types: tuple[int, ...], unknown: str) -> list[int]:
    """The token types with those that only this kind has; unknown: the unk_token.

    Added tokens that stand for spaces ("▁▁") are ordinary, or llama.cpp would write them as they
    are, and look for them in texts before it puts "▁" for spaces there.
    """
    special = dict.fromkeys(_BYTES, BYTE) | {unknown: UNKNOWN}
    return [
        NORMAL if kind == USER_DEFINED and SPACE in token else special.get(token, kind)
        for token, kind in zip(tokens, types, strict=True)
    ]


def scores(tokens: tuple[str, ...], merges: tuple[str, ...]) -> list[float]:
    """A score per token: minus the number of tokens that are merged before it."""
    ranks: dict[str, int] = {}
    for merge in merges:
        ranks.setdefault(merge.replace(" ", ""), len(ranks))
    return [-float(ranks[token]) if token in ranks else _LEAST for token in tokens]


def has_bytes(tokens: tuple[str, ...]) -> bool:
    """Whether there is a token for every byte."""
    return set(tokens) >= _BYTES

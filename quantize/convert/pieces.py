"""SentencePiece's BPE as tokenizer.json holds it (Llama 2, Mistral), for llama.cpp's "llama".

Both merge neighbours by rank; llama.cpp takes it from a score per token instead of from a list of
merges, which is the same where every way to make a token has the same rank.
"""

from engine.core.errors import KnownError

BYTE, UNKNOWN = 6, 2
SPACE = "▁"
_PREPEND = {"type": "Prepend", "prepend": SPACE}
_REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
_BYTES = {f"<0x{value:02X}>" for value in range(256)}
_LEAST = -1e9  # of tokens that no merge makes


def is_pieces(content: dict[str, object]) -> bool:
    """Whether a tokenizer.json holds a tokenizer of this kind. Raises KnownError for variants."""
    model = content.get("model")
    if not isinstance(model, dict) or model.get("type") != "BPE" or not model.get("byte_fallback"):
        return False
    normalizer = content.get("normalizer")
    steps = normalizer.get("normalizers") if isinstance(normalizer, dict) else None
    plain = content.get("pre_tokenizer") is None and not model.get("ignore_merges")
    if steps != [_PREPEND, _REPLACE] or not plain or model.get("dropout"):
        raise KnownError(
            "The model's tokenizer is a variant of SentencePiece's that Assay cannot convert yet.",
            "Those that only put ▁ for spaces and before a text can be converted.",
        )
    return True


def piece_types(tokens: tuple[str, ...], types: tuple[int, ...], unknown: str) -> list[int]:
    """The token types with those that only this kind has; unknown: the unk_token."""
    special = dict.fromkeys(_BYTES, BYTE) | {unknown: UNKNOWN}
    return [special.get(token, kind) for token, kind in zip(tokens, types, strict=True)]


def scores(tokens: tuple[str, ...], merges: tuple[str, ...]) -> list[float]:
    """A score per token: minus the number of tokens that are merged before it."""
    ranks: dict[str, int] = {}
    for merge in merges:
        ranks.setdefault(merge.replace(" ", ""), len(ranks))
    return [-float(ranks[token]) if token in ranks else _LEAST for token in tokens]


def has_bytes(tokens: tuple[str, ...]) -> bool:
    """Whether there is a token for every byte."""
    return set(tokens) >= _BYTES

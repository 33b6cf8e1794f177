"""Is the decoder of a tokenizer.json one that cannot keep the machine busy?

llama.cpp has its own; the tokenizer's is used only to write texts the two are compared on.
"""

from engine.core.errors import KnownError

_PLAIN = ("ByteLevel", "ByteFallback", "Fuse", "Strip", "Metaspace")


def check_decoder(step: object, depth: int = 0) -> None:
    """Raise KnownError for decoders with expressions, which may take forever, and unknown ones."""
    if step is None:
        return
    kind = step.get("type") if isinstance(step, dict) else None
    if not isinstance(step, dict) or depth > 2:
        raise _unknown()
    if kind == "Sequence":
        inner = step.get("decoders")
        if not isinstance(inner, list) or len(inner) > len(_PLAIN) + 1:
            raise _unknown()
        for one in inner:
            check_decoder(one, depth + 1)
    elif kind == "Replace":
        pattern = step.get("pattern")
        if not isinstance(pattern, dict) or not isinstance(pattern.get("String"), str):
            raise _unknown()
    elif kind not in _PLAIN:
        raise _unknown()


def _unknown() -> KnownError:
    return KnownError(
        "The model's tokenizer has a decoder of an unknown kind.",
        "Tokenizers like those of Qwen2, Qwen3, Llama, GLM-4 and GPT-2 can be converted.",
    )

"""What a tokenizer.json puts before a text, from its post_processor."""

from engine.core.errors import KnownError


def first_token(content: dict[str, object]) -> str:
    """The text of the token before every text, "" for none.

    Raises KnownError for what llama.cpp cannot do: other tokens, at other places.
    """
    return _first(content.get("post_processor"), depth=0)


def _first(step: object, depth: int) -> str:
    if step is None:
        return ""
    kind = step.get("type") if isinstance(step, dict) else None
    if not isinstance(step, dict) or kind not in ("ByteLevel", "Sequence", "TemplateProcessing"):
        raise _unknown()
    if kind == "ByteLevel":  # only about the places of tokens in the text
        return ""
    if kind == "TemplateProcessing":
        return _of_template(step.get("single"))
    inner = step.get("processors")
    if not isinstance(inner, list) or depth > 2:
        raise _unknown()
    found = [token for token in (_first(one, depth + 1) for one in inner) if token]
    if len(found) > 1:
        raise _unknown()
    return found[0] if found else ""


def _of_template(pieces: object) -> str:
    """Of [special token,] the text itself."""
    if not isinstance(pieces, list) or not all(isinstance(piece, dict) for piece in pieces):
        raise _unknown()
    if not 1 <= len(pieces) <= 2 or "Sequence" not in pieces[-1]:
        raise _unknown()
    if len(pieces) == 1:
        return ""
    special = pieces[0].get("SpecialToken")
    token = special.get("id") if isinstance(special, dict) else None
    if not isinstance(token, str) or not token:
        raise _unknown()
    return token


def _unknown() -> KnownError:
    return KnownError(
        "The model's tokenizer adds tokens to a text in a way that llama.cpp cannot.",
        "Tokenizers that add nothing, or one token before a text, can be converted.",
    )

"""/v1/embeddings, /tokenize and /detokenize."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.model.generation import ContextFull
from engine.server.backend import Backend
from engine.server.errand import Errand
from engine.server.errors import NOT_SUPPORTED, ApiError, too_long
from engine.server.fields import Fields, check_text, check_tokens

_INPUTS = 2048
_PIECES = 8192


def embeddings(
    fields: Fields, backend: Backend, model: str, errand: Errand[dict[str, Any]]
) -> dict[str, Any]:
    """The vectors of one text or several. Raises ApiError, Cancelled."""
    texts, count = _inputs(fields, backend, errand.check)
    form = fields.text("encoding_format", "float")
    if form not in ("float", "base64"):
        raise fields.wrong("encoding_format", "float or base64")
    try:
        rows = np.asarray(backend.embed(texts, errand.stoppable), dtype="<f4")
    except ContextFull as error:
        # Not the room that conversations have.
        room = f"a text to make a vector of may have {error.n_ctx:,}"
        raise too_long(error, f"A text has {error.tokens}, and {room}.", "input") from error
    if fields.whole("dimensions", rows.shape[1], 1, 1 << 20) != rows.shape[1]:
        message = f"The vectors of this model have {rows.shape[1]} numbers, and no other length."
        raise ApiError(NOT_SUPPORTED, message, "dimensions")
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": row.tolist()
            if form == "float"
            else base64.b64encode(row.tobytes()).decode(),
        }
        for index, row in enumerate(rows)
    ]
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": count, "total_tokens": count},
    }


def tokenize(fields: Fields, backend: Backend) -> dict[str, Any]:
    """llama.cpp's /tokenize."""
    content = fields.text("content")
    if content is None:
        raise fields.wrong("content", "a text")
    tokens = backend.tokenize(
        content, start=fields.flag("add_special"), special=fields.flag("parse_special", True)
    )
    if not fields.flag("with_pieces"):
        return {"tokens": tokens}
    if len(tokens) > _PIECES:
        raise fields.wrong("content", f"a text of at most {_PIECES} tokens to tell their pieces")
    pieces = backend.pieces(tokens)
    told = [{"id": t, "piece": _piece(piece)} for t, piece in zip(tokens, pieces, strict=True)]
    return {"tokens": told}


def detokenize(fields: Fields, backend: Backend) -> dict[str, Any]:
    """llama.cpp's /detokenize."""
    tokens = check_tokens(fields.get("tokens"), "tokens")
    return {"content": backend.detokenize(tokens) if tokens else ""}


def _piece(piece: bytes) -> str | list[int]:
    """A token's text; its bytes, as llama.cpp has it, where it is a part of a character."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return list(piece)


def _inputs(fields: Fields, backend: Backend, check: Callable[[], None]) -> tuple[list[str], int]:
    """The texts to embed, and their tokens together; check: called before each, to give up."""
    value = fields.get("input")
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value or len(value) > _INPUTS:
        raise fields.wrong("input", f"a text, or an array of 1 to {_INPUTS} texts")
    if isinstance(value[0], int):
        value = [value]
    texts: list[str] = []
    count = 0
    for index, one in enumerate(value):
        check()
        path = f"input[{index}]"
        if isinstance(one, str):
            if not one:
                raise fields.wrong("input", "texts that are not empty")
            texts.append(check_text(one, path))
            count += len(backend.tokenize(one))
        else:
            tokens = check_tokens(one, path)
            texts.append(backend.detokenize(tokens))
            count += len(tokens)
    return texts, count

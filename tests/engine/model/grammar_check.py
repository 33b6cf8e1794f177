"""Asks llama.cpp itself what a grammar accepts, byte by byte, with a tiny vocabulary."""

import ctypes
import random
from pathlib import Path

import numpy as np

from engine.model.child.api import AbortFlag, api
from engine.model.child.model import Model

_ROW = np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])


class GrammarChecker:
    """Checks grammars against the vocabulary of a model whose first 256 tokens are the bytes."""

    def __init__(self, path: Path) -> None:
        self.model = Model(str(path), lambda _: None, AbortFlag(), vocab_only=True)
        self.end = api.llama_vocab_eos(self.model.vocabulary)
        self.tokens = {self.model.piece(token): token for token in range(256)}

    def accepts(self, grammar: str, text: str) -> bool:
        """Whether the grammar accepts the whole text; AssertionError for a malformed grammar."""
        with _Grammar(self, grammar) as one:
            for byte in text.encode():
                token = self.tokens[bytes([byte])]
                if not one.allowed([token]):
                    return False
                one.accept(token)
            return bool(one.allowed([self.end]))

    def sample(self, grammar: str, seed: int, patience: int = 300) -> str | None:
        """A random text of the grammar; None if it has not ended after `patience` bytes."""
        choices = random.Random(seed)
        out = b""
        # ASCII only: the library lets through bytes that are no UTF-8, which models do not write.
        ascii_tokens = [token for piece, token in self.tokens.items() if piece.isascii()]
        with _Grammar(self, grammar) as one:
            while len(out) < patience:
                allowed = one.allowed([*ascii_tokens, self.end])
                allowed = allowed or one.allowed(list(self.tokens.values()))
                assert allowed, f"nothing can follow {out!r}"
                if self.end in allowed and choices.random() < 0.5:
                    return out.decode()
                rest = [token for token in allowed if token != self.end]
                if not rest:
                    return out.decode()
                # Closing marks more often than their share, so that texts end.
                closing = [t for t in rest if self.model.piece(t) in (b'"', b"}", b"]")]
                token = choices.choice(closing if closing and choices.random() < 0.3 else rest)
                one.accept(token)
                out += self.model.piece(token)
        return None


class _Grammar:
    def __init__(self, checker: GrammarChecker, grammar: str) -> None:
        self._handle = api.llama_sampler_init_grammar(
            checker.model.vocabulary, grammar.encode(), b"root"
        )
        assert self._handle, f"malformed grammar:\n{grammar}"

    def __enter__(self) -> "_Grammar":
        return self

    def __exit__(self, *_: object) -> None:
        api.llama_sampler_free(self._handle)

    def allowed(self, tokens: list[int]) -> list[int]:
        rows = np.zeros(len(tokens), _ROW)
        rows["id"] = tokens
        pointer = rows.ctypes.data_as(api.llama_token_data_p)
        array = api.llama_token_data_array(pointer, rows.size, -1, False)
        api.llama_sampler_apply(self._handle, ctypes.byref(array))
        return [int(one) for one in rows["id"][rows["logit"] > -np.inf]]

    def accept(self, token: int) -> None:
        api.llama_sampler_accept(self._handle, token)

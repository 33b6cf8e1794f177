"""The second opinion on which tool a question is for: a linear model over words and letters.

Features are hashed words, pairs of words (also over a gap of one) and character 3–5-grams of the
question, in which the values the recognisers found are replaced by their kind ("<asset>"), plus
the tool of the turn before. Weights come from `assay-train router`; reading them needs numpy only.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.assistant.recognise import Mention, Recognised
from engine.core.resources import resource

BUCKETS = 1 << 18
NO_TOOL = ("chat", "refuse", "off_topic")
_MASKED = ("date", "period", "percent", "asset", "account", "amount", "years", "compounding")


def masked(found: Recognised) -> str:
    """The question in lower case with recognised values replaced by their kind."""
    chosen: list[Mention] = []
    ranked = sorted(
        (m for m in found.mentions if m.kind in _MASKED),
        key=lambda m: (m.start - m.end, _MASKED.index(m.kind)),
    )
    for mention in ranked:
        if all(mention.end <= c.start or mention.start >= c.end for c in chosen):
            chosen.append(mention)
    text = found.text
    for mention in sorted(chosen, key=lambda m: -m.start):
        name: str = mention.kind
        if name == "percent" and mention.signed:
            name += "_down" if str(mention.value).startswith("-") else "_up"
        text = f"{text[: mention.start]} <{name}> {text[mention.end :]}"
    return re.sub(r"\s+", " ", text.lower()).strip()


def features(found: Recognised, previous_tool: str | None) -> NDArray[np.int64]:
    """Hashed feature numbers below BUCKETS, each once."""
    text = masked(found)
    words = re.findall(r"<\w+>|[a-z0-9']+|[?<>=+\-]", text)
    names = [f"w:{word}" for word in words]
    names += [f"b:{a} {b}" for a, b in zip(["^", *words], [*words, "$"], strict=True)]
    names += [f"j:{a} {b}" for a, b in zip(words, words[2:], strict=False)]
    for word in words:
        if word.startswith("<"):
            continue
        marked = f"_{word}_"
        names += [f"c:{marked[i : i + n]}" for n in (3, 4, 5) for i in range(len(marked) - n + 1)]
    names.append(f"n:{min(len(words), 12)}")
    counts = Counter(mention.kind for mention in found.mentions)
    names += [f"k:{kind}{min(count, 2)}" for kind, count in counts.items()]
    names.append("s:" + "+".join(sorted(counts)))
    previous = previous_tool or "none"
    names.append(f"p:{previous}")
    if len(words) <= 8:
        names += [f"p:{previous} {word}" for word in words]
    return np.unique(np.array([zlib.crc32(n.encode()) % BUCKETS for n in names], dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Router:
    """labels: tool names and NO_TOOL kinds; weights: float32 [BUCKETS, labels]; bias: [labels]."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def log_probabilities(
        self, found: Recognised, previous_tool: str | None = None
    ) -> dict[str, float]:
        """The natural log of the probability of each label."""
        index = features(found, previous_tool)
        scale = np.float32(1.0 / np.sqrt(len(index)))
        logits = self.weights[index].sum(axis=0) * scale + self.bias
        logits = logits - logits.max()
        log_probabilities = logits - np.log(np.exp(logits).sum())
        return dict(zip(self.labels, map(float, log_probabilities), strict=True))


def save_router(
    path: Path, labels: Sequence[str], weights: NDArray[np.float32], bias: NDArray[np.float32]
) -> None:
    """Writes weights as 8-bit integers with one scale per label; buckets that are all zero are "
    "left out."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-8) / 127
    quantized = np.round(weights / scale).astype(np.int8)
    used = np.flatnonzero(quantized.any(axis=1)).astype(np.uint32)
    np.savez_compressed(
        path,
        labels=np.array(labels),
        used=used,
        quantized=quantized[used],
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
    )


def load_router(path: Path) -> Router:
    """Reads what `save_router` wrote."""
    with np.load(path, allow_pickle=False) as data:
        labels = tuple(str(label) for label in data["labels"])
        weights = np.zeros((BUCKETS, len(labels)), dtype=np.float32)
        weights[data["used"]] = data["quantized"].astype(np.float32) * data["scale"]
        return Router(labels, weights, data["bias"])


@cache
def default_router() -> Router:
    """The router shipped with Assay."""
    return load_router(resource("models", "router.npz"))


def best(scores: dict[str, float], allowed: Iterable[str]) -> str:
    """The likeliest of `allowed`."""
    return max(allowed, key=lambda name: scores[name])

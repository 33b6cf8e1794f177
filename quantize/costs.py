"""What each type would cost for each weight, in nats: its error times what an error there costs."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from engine.model.gguf.header import GgufHeader
from quantize.calibration import texts_for
from quantize.child import run_job
from quantize.jobs import Arguments
from quantize.probes import plan, spread
from quantize.refine import Table
from quantize.sizes import fits, padded, tensor_size, weights
from quantize.task import Task

_PROBES = ("Q4_K", "Q4_0")  # what a weight is stored as to measure what its errors cost


@dataclass(frozen=True, slots=True)
class Measured:
    """What costs are measured on. source: the file in full precision with its header; importance:
    its matrix; texts: the user's; journal: where figures are kept as they are found; key: tells
    this source and matrix from others."""

    source: Path
    header: GgufHeader
    importance: Path
    texts: list[Path]
    journal: Path
    key: str


def cost_table(measured: Measured, candidates: dict[str, list[str]], task: Task) -> Table:
    """Tensor → type → its bytes in the file, and what it is expected to cost: nats.

    candidates: tensor → types, its own among them; one that has no other costs nothing. Takes the
    first 80 % of the task. Raises KnownError and Cancelled.
    """
    header = measured.header
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    texts = json.dumps(texts_for(header, measured.texts))
    several = {name: kinds for name, kinds in candidates.items() if len(kinds) > 1}
    tokens, probed = plan(several, weights(header))
    key = f"{measured.key} {hashlib.sha256(texts.encode()).hexdigest()} {tokens}"
    arguments: Arguments = {
        "source": str(measured.source.resolve()),
        "importance": str(measured.importance.resolve()),
        "candidates": json.dumps(several),
        "journal": str(measured.journal.absolute()),
        "key": key,
    }
    probes = {name: next(one for one in _PROBES if fits(shapes[name], one)) for name in probed}
    errors = run_job("errors", arguments, task, share=(0.02, 0.2))
    arguments |= {
        "texts": texts,
        "tokens": str(tokens),
        "context": str(header.number("context_length", 0)),
        "probes": json.dumps(probes),
    }
    prices = spread(run_job("sensitivity", arguments, task, share=(0.2, 0.8)), several)
    return {
        name: {
            kind: (
                padded(header, tensor_size(shapes[name], kind)),
                errors[f"{name} {kind}"] * prices[name] if name in several else 0.0,
            )
            for kind in kinds
        }
        for name, kinds in candidates.items()
    }

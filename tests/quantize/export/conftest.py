"""An importance matrix of the tiny model, written by hand."""

from pathlib import Path

import numpy as np
import pytest

from quantize.writer import Tensor, text, texts, u32, write_gguf

SIZES = {"q": 256, "k": 256, "v": 256, "output": 128, "gate": 256, "up": 256, "down": 512}


@pytest.fixture(scope="session")
def imatrix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs of very different strength; the counts are 10."""
    chance = np.random.default_rng(4)
    tensors = []
    for layer in range(3):
        for name, size in SIZES.items():
            kind = "ffn" if name in ("gate", "up", "down") else "attn"
            squares = np.exp(chance.normal(0, 1.5, (1, size))).astype(np.float32)
            weight = f"blk.{layer}.{kind}_{name}.weight"
            tensors.append(_tensor(f"{weight}.in_sum2", squares))
            tensors.append(_tensor(f"{weight}.counts", np.full((1, 1), 10, np.float32)))
    path = tmp_path_factory.mktemp("imatrix") / "imatrix.gguf"
    metadata = {
        "general.type": text("imatrix"),
        "imatrix.datasets": texts(["none"]),
        "imatrix.chunk_count": u32(1),
        "imatrix.chunk_size": u32(512),
    }
    with open(path, "wb") as file:
        write_gguf(file, metadata, tensors, lambda *_: None)
    return path


def _tensor(name: str, values: np.ndarray) -> Tensor:
    return Tensor(name, values.shape, "F32", lambda: iter([values.tobytes()]))

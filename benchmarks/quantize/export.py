"""What four bits for vLLM and QLoRA cost: rounding, searched scales, feedback, NF4.

    python -m benchmarks.quantize.export [--folder resources/models/starter-base] [--work FOLDER]

Each folder is read back with the safetensors library, its weights are unpacked, and the model that
has them is compared with the original on dialogues that no export knew (those of
benchmarks.quantize.search).
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file
from torch import Tensor, from_numpy

from benchmarks.quantize.search import ROOT, write_held_out
from engine.model.gguf.header import read_header
from quantize.compare import compare
from quantize.convert import convert
from quantize.export.int4 import plain_scales, rounded
from quantize.export.nf4 import export_nf4
from quantize.export.source import open_source, whole
from quantize.export.w4a16 import export_w4a16
from quantize.imatrix import collect
from quantize.numbers import Floats
from quantize.task import Task

GROUP = 128


def packed_four(tensors: dict[str, Tensor], layer: str) -> Floats:
    """The weights of a layer in compressed-tensors' format."""
    rows, columns = tensors[f"{layer}.weight_shape"].tolist()
    words = tensors[f"{layer}.weight_packed"].numpy().view(np.uint32)
    codes = (words[..., None] >> np.arange(0, 32, 4, dtype=np.uint32)) % 16
    scales = tensors[f"{layer}.weight_scale"].float().numpy()
    codes = codes.reshape(rows, columns).astype(np.float32) - 8
    return codes * np.repeat(scales, columns // scales.shape[1], axis=1)


def packed_nf4(tensors: dict[str, Tensor], layer: str) -> Floats:
    """The weights of a layer in bitsandbytes' format."""
    name = f"{layer}.weight"
    state = json.loads(bytes(tensors[f"{name}.quant_state.bitsandbytes__nf4"].tolist()))
    outer = np.repeat(tensors[f"{name}.nested_absmax"].numpy(), state["nested_blocksize"])
    numbers = tensors[f"{name}.absmax"].numpy()
    scales = tensors[f"{name}.nested_quant_map"].numpy()[numbers] * outer[: len(numbers)]
    packed = tensors[name].numpy().ravel()
    codes = np.stack([packed >> 4, packed & 15], axis=1).ravel()
    values = tensors[f"{name}.quant_map"].numpy()[codes].reshape(-1, state["blocksize"])
    return (values * (scales + state["nested_offset"])[:, None]).reshape(state["shape"])


def main() -> int:
    """Command line; 1 if feedback does not pay."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "resources" / "models" / "starter-base"
    )
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="assay-"))
    work.mkdir(parents=True, exist_ok=True)
    task = Task(lambda _fraction, _text: None)
    full, matrix, text = work / "full.gguf", work / "imatrix.gguf", work / "held-out.txt"
    convert(options.folder, full, None, task)
    collect(full, matrix, [], task)
    write_held_out(text, read_header(full), work)
    source = open_source(options.folder)

    def judge(name: str, seconds: float, weight: Callable[[str], Floats]) -> float:
        """One line of the table: the model with other matrices."""
        plain = work / "plain"
        shutil.copytree(options.folder, plain)
        tensors = load_file(plain / "model.safetensors")
        for one in source.matrices:
            tensors[f"{one.name}.weight"] = from_numpy(np.ascontiguousarray(weight(one.name)))
        tensors = {one: value.float() for one, value in tensors.items()}
        save_file(tensors, plain / "model.safetensors", {"format": "pt"})
        convert(plain, work / "plain.gguf", "F32", task)
        shutil.rmtree(plain)
        found = compare(full, work / "plain.gguf", text, task)
        print(
            f"| {name} | {found.mean_divergence:.5f} | {found.p99_divergence:.4f} | "
            f"{found.agreement:.2%} | {seconds:.0f} s |",
            flush=True,
        )
        return found.mean_divergence

    def nearest(name: str) -> Floats:
        weight = whole(next(one.weight for one in source.matrices if one.name == name))
        groups = weight.reshape(len(weight), -1, GROUP)
        scales = plain_scales(groups, source.kind)
        return (rounded(groups, scales) * scales[..., None]).reshape(weight.shape)

    print("| Matrices | Mean KL | 99 % | Same likeliest token | Made in |\n|---|---|---|---|---|")
    losses = [judge("W4A16, rounded", 0, nearest)]
    for name, importance in (("searched scales", matrix), ("feedback", None)):
        shutil.rmtree(work / "out", ignore_errors=True)
        began = time.monotonic()
        export_w4a16(options.folder, work / "out", GROUP, importance, [], task)
        seconds = time.monotonic() - began
        tensors = load_file(work / "out" / "model.safetensors")
        losses.append(
            judge(f"W4A16, {name}", seconds, lambda it, all_=tensors: packed_four(all_, it))
        )
    shutil.rmtree(work / "out")
    began = time.monotonic()
    export_nf4(options.folder, work / "out", True, task)
    seconds = time.monotonic() - began
    tensors = load_file(work / "out" / "model.safetensors")
    judge("NF4, double", seconds, lambda it: packed_nf4(tensors, it))
    return 0 if losses[2] < losses[1] < losses[0] else 1


if __name__ == "__main__":
    sys.exit(main())

"""LoRA instruction tuning of Qwen3 shapes on a GPU: tokens per second, MFU and peak memory.

    python -m benchmarks.training.gpu [--rows 4 --context 1024 --checkpointing]

Weights and dialogues are random; the way from dialogues to the loop is that of `assay-train sft`.
MFU counts what this training needs: per token 4 FLOP per frozen weight (its gradient is not
formed), 6 per trained one, and 6·context·width per layer for causal attention; what
checkpointing computes twice does not count. Without a GPU a small shape runs on the CPU, which
shows no more than that the code works.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models

from training.data.sft import Dialogues
from training.loop import device
from training.loop.config import LoopConfig
from training.loop.log import read_metrics
from training.loop.trainer import train
from training.methods.sft import Config, InstructionTuning
from training.models.adapters import AdapterConfig, with_adapter
from training.models.loading import parameters
from training.models.shapes import Shape, build

MFU_BAR, MEMORY_BAR = 0.45, 6e9  # the second for 0.6B
VOCABULARY = 151_936
SHAPES = {
    "0.6B": Shape(1024, 28, 3072, 16, 8, head_dim=128, context=32_768, rope_theta=1e6),
    "4B": Shape(2560, 36, 9728, 32, 8, head_dim=128, context=32_768, rope_theta=1e6),
}
SMALL = Shape(256, 2, 256, 4, 2, context=256)
EVERY = 4  # steps per line of the log; the first line, with the warm-up, is left out


def measure(name: str, shape: Shape, vocabulary: int, loop: LoopConfig, context: int) -> None:
    """Train some steps and print the figures."""
    place = device.pick()
    with place:
        model = build(shape, vocabulary, seed=1).to(torch.bfloat16)
    model = with_adapter(model, AdapterConfig(kind="lora", rank=16))
    if place.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    count = loop.rows * loop.steps
    ids = np.random.default_rng(1).integers(vocabulary, size=count * (context + 1), dtype=np.uint32)
    starts = np.arange(count + 1) * (context + 1)
    dialogues = Dialogues(ids, np.ones(len(ids), dtype=np.float32), starts)
    with tempfile.TemporaryDirectory() as folder:
        config = Config(out=folder, context=context + 1, loop=loop)
        method = InstructionTuning(config, model, Tokenizer(models.BPE()), dialogues, None)
        train(method, loop, Path(folder))
        lines = read_metrics(Path(folder))
    speed = statistics.median(line["tok_s"] or 0.0 for line in lines[1:])
    whole, trained = parameters(model)
    attention = 6 * context * shape.heads * shape.head_dim * shape.layers
    flops = 4 * (whole - trained) + 6 * trained + attention
    share = flops * speed / device.peak_flops(place, loop.mixed, torch.get_num_threads())
    print(
        f"{name}: {whole / 1e6:,.0f} million weights, {trained / 1e6:.1f} trained; "
        f"{speed:,.0f} tok/s, MFU {share:.1%}, peak {device.peak_memory(place) / 1e9:.2f} GB",
        flush=True,
    )


def main() -> None:
    """Print a line per shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=sorted(SHAPES), help="only this one")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    loop = LoopConfig(
        steps=options.steps,
        rows=options.rows,
        learning_rate=1e-4,
        checkpointing=options.checkpointing,
        compile=options.compile,
        log_steps=EVERY,
    )
    if not torch.cuda.is_available():
        print("There is no CUDA device here; a small shape on the CPU instead.")
        measure("small", SMALL, 512, loop, 128)
        return
    print(torch.cuda.get_device_name())
    for name, shape in SHAPES.items():
        if options.shape in (None, name):
            measure(name, shape, VOCABULARY, loop, options.context)
    print(f"bars: MFU {MFU_BAR:.0%}, {MEMORY_BAR / 1e9:.0f} GB for 0.6B")


if __name__ == "__main__":
    main()

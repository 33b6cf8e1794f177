"""Tokens per second and peak memory of instruction tuning against TRL's SFTTrainer, on a CPU.

    python -m benchmarks.training.trl_sft --model resources/models/starter-base --python PYTHON

PYTHON: an interpreter with trl 1.16, datasets, torch and transformers. Both sides read the same
dialogues and train the same fp32 weights with bf16 products, fused AdamW and a loss on the answers
only, one epoch, with as many tokens a step. TRL packs (packing=True, its default strategy);
gradient checkpointing, its default, is off on both. Each side runs twice a round, with a quarter
of the dialogues and with all; the difference is free of start-up. Rounds alternate.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.training.programs import Cost, cost, exchanges, messages, middle
from training.data.chat import render_text
from training.tokenizer import load_tokenizer

SPEED_BAR, MEMORY_BAR = 1.25, 0.8
RATE = 1e-4


def theirs(python: Path, model: Path, data: Path, rows: int, context: int, threads: int) -> Cost:
    """TRL on a file of dialogues; rows: packed ones per step."""
    settings = {"model": str(model), "data": str(data), "out": str(data.parent / "trl-out")}
    given = json.dumps({**settings, "rows": rows, "context": context, "rate": RATE})
    return cost([python, "-m", "benchmarks.training.trl_sft_peer", given], data.parent, threads)


def ours(model: Path, data: Path, rows: int, context: int, threads: int) -> Cost:
    """assay-train on the same file; rows: dialogues per step."""
    out = data.parent / "assay-out"
    shutil.rmtree(out, ignore_errors=True)
    program = [sys.executable, "-m", "training.cli", "sft", "--model", model, "--data", data]
    settings = ["--context", str(context), "--loop.rows", str(rows), "--loop.log_steps", "10000"]
    settings += ["--loop.threads", str(threads), "--loop.learning_rate", str(RATE)]
    return cost([*program, "--out", out, *settings], data.parent, threads)


def main() -> None:
    """Print both speeds, both peaks, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--dialogues", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=4, help="packed rows per step of TRL")
    parser.add_argument("--context", type=int, default=1024, help="tokens of a packed row")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    model, python = options.model.absolute(), options.python.absolute()
    tokenizer = load_tokenizer(model)
    dialogues = [messages(exchange) for exchange in exchanges(options.dialogues)]
    lengths = [len(tokenizer.encode(render_text(dialogue)).ids) for dialogue in dialogues]
    step = options.rows * options.context
    rows = round(step * len(lengths) / sum(lengths))  # dialogues of as many tokens as TRL's rows
    quarter = len(dialogues) // 4
    tokens = sum(lengths[quarter:])
    print(f"{tokens:,} tokens counted; a step has about {step:,}: {rows} dialogues of ours")
    speed, processor, memory = [], [], []
    with tempfile.TemporaryDirectory() as name:
        parts = []
        for label, kept in (("quarter", dialogues[:quarter]), ("all", dialogues)):
            parts.append(Path(name) / label / "dialogues.jsonl")
            parts[-1].parent.mkdir()
            parts[-1].write_text("".join(json.dumps({"messages": one}) + "\n" for one in kept))
        for number in range(options.rounds):
            size = (options.context, options.threads)
            a, b = (theirs(python, model, part, options.rows, *size) for part in parts)
            c, d = (ours(model, part, rows, *size) for part in parts)
            peer, own = b - a, d - c
            speed.append(peer.wall / own.wall)
            processor.append(peer.cpu / own.cpu)
            memory.append(own.memory / peer.memory)
            print(
                f"round {number + 1}: TRL {peer.speed(tokens)}, Assay {own.speed(tokens)}",
                flush=True,
            )
    print(
        f"speed {middle(speed)} × by the clock, {middle(processor)} × by CPU time; "
        f"bar {SPEED_BAR} ×\npeak memory {middle(memory)} ×; bar {MEMORY_BAR} ×"
    )


if __name__ == "__main__":
    main()

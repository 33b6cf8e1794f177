"""Trains a second model to measure quantization on: another architecture, nothing tied.

    python -m benchmarks.quantize.second_model --corpus FOLDER --work FOLDER [--steps 586]
    python -m benchmarks.quantize.search --folder WORK/run/model

Llama, 10.5 million weights: 6 layers of width 256, 4 heads, feed-forward 1024, vocabulary and first
embeddings of the starter's base, of which the output head gets a copy of its own. CORPUS has
crypto.jsonl, general.jsonl and instruct.jsonl, as `assay-train cache` reads them.
"""

import argparse
import shutil
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.quantize.search import ROOT
from benchmarks.training.programs import cost
from training.models.loading import TOKENIZER_FILES, load

BASE = ROOT / "resources" / "models" / "starter-base"
GROUPS = ("crypto", "general", "instruct")
RECIPE = """
cache = {{ tokenizer = "{base}", out = "{work}/cache" }}

[pretrain]
tokenizer = "{base}"
cache = "{work}/cache"
out = "{work}/run"
model = "{work}/start"
tokens = 12_000_000
context = 256
long_context = 512
long_share = 0.1

[pretrain.loop]
steps = {steps}
rows = 16
optimizer = "muon"
learning_rate = 4e-3
weight_decay = 0.1
decay = 0.3
seed = 5
threads = 2
"""


def write_start(folder: Path) -> None:
    """The untrained model, with its tokenizer."""
    torch.manual_seed(3)
    base = load(BASE)
    words = base.get_input_embeddings().weight
    config = LlamaConfig(
        vocab_size=words.shape[0],
        hidden_size=words.shape[1],
        intermediate_size=4 * words.shape[1],
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=64,
        max_position_embeddings=2048,
        rms_norm_eps=1e-6,
        tie_word_embeddings=False,
        bos_token_id=base.config.bos_token_id,
        eos_token_id=base.config.eos_token_id,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight.normal_(0, weight.shape[1] ** -0.5)
        model.get_input_embeddings().weight.copy_(words)
        model.get_output_embeddings().weight.copy_(words)
    model.save_pretrained(folder)
    for name in TOKENIZER_FILES:
        if (BASE / name).is_file():
            shutil.copyfile(BASE / name, folder / name)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=586)
    options = parser.parse_args()
    work = options.work.resolve()
    write_start(work / "start")
    recipe = work / "recipe.toml"
    groups = (
        f'\n[[groups]]\nname = "{name}"\nweight = 1.0\n[[groups.selections]]\nfile = "{name}"\n'
        for name in GROUPS
    )
    text = RECIPE.format(base=BASE, work=work, steps=options.steps)
    recipe.write_text(text + "".join(groups))
    program = [sys.executable, "-m", "training.cli"]
    cost([*program, "cache", "--recipe", recipe, "--corpus", options.corpus.resolve()], work, 2)
    spent = cost([*program, "pretrain", "--recipe", recipe], work, 2)
    print(f"{work / 'run' / 'model'}, made in {spent.cpu / 60:.0f} min of a core")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""HEFT: instruction tuning that trains little of the model and computes little more than that.

Every part can be switched off, so that its share of the saving can be measured: adapter.kind
(LoRA), top_layers and share (layer selection), terms (knowledge injection), loop.checkpointing,
window (sparse attention) and loop.mixed. See docs/training-heft.md.
"""

import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from torch import Tensor
from transformers import AutoConfig

from engine.core.errors import KnownError
from training.loop import device, distributed
from training.loop.batch import Batch
from training.methods import sft
from training.methods.common import Options, carry_out, start_plain
from training.models.adapters import AdapterConfig, with_adapter
from training.models.heft import (
    common_tokens,
    cut_inputs,
    domain_rows,
    gradient_norms,
    top_layers,
    train_only,
    windowed,
)
from training.models.loading import check_folder
from training.tokenizer import load_tokenizer

NORMS = "gradient_norms.json"


@dataclass(frozen=True)
class Config(sft.Config):
    """adapter.kind "none": the chosen layers' matrices are trained themselves.

    top_layers: train at most so many, counted from the top; 0 = all. share: train as few as hold
    this share of the gradients' norms. probe_batches: the gradients' data.

    terms: file with a term of the domain per line; the rows of terms that are one token are
    trained, too. common_tokens: train the rows of so many tokens, the commonest in the answers.
    window: tokens that the lowest windowed_layers layers see; 0 = all.
    """

    adapter: AdapterConfig = field(default_factory=lambda: AdapterConfig(kind="lora"))
    top_layers: int = 0
    share: float = 1.0
    probe_batches: int = 4
    terms: str = ""
    common_tokens: int = 0
    window: int = 0
    windowed_layers: int = 0  # the lowest ones, which see window tokens

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.adapter.kind == "none" and (self.terms or self.common_tokens):
            raise ValueError("terms and common_tokens need adapters; choose adapter.kind.")
        if self.common_tokens < 0:
            raise ValueError("common_tokens is a number of tokens.")
        if self.adapter.layers:
            raise ValueError("adapter.layers is for sft; top_layers and share say which layers.")
        if bool(self.window) != bool(self.windowed_layers):
            raise ValueError("window and windowed_layers need each other.")
        if self.top_layers < 0 or not 0 < self.share <= 1 or self.probe_batches < 1:
            raise ValueError("top_layers, share and probe_batches say which layers to train.")


def run(config: Config, options: Options) -> bool:
    """Choose layers by a probe, once per run folder, and tune their adapters."""
    check_folder(Path(config.model))
    rows = {*domain_rows(load_tokenizer(Path(config.model)), _terms(config.terms))}
    if config.terms and not rows:
        raise KnownError(
            f"No term of {config.terms} is one token of the vocabulary.",
            "Leave terms out, or name shorter words.",
        )
    plain = AutoConfig.from_pretrained(config.model, local_files_only=True)
    model = start_plain(config, **windowed(plain, config.window, config.windowed_layers))
    method = sft.prepare(config, model)
    chosen = top_layers(_norms(config, options, method), config.top_layers, config.share)
    learnt = method.dialogues
    rows.update(common_tokens(learnt.ids, learnt.weights, config.common_tokens))
    if config.adapter.kind == "none":
        train_only(model, chosen)
    adapter = replace(config.adapter, layers=chosen)
    method.model = with_adapter(model, adapter, sorted(rows), config.loop.seed)
    cut_inputs(method.model)
    if distributed.is_first():
        print(f"Trains layers {', '.join(map(str, chosen))} and {len(rows)} rows", flush=True)
    return carry_out("heft", config, options, method)


def _norms(config: Config, options: Options, method: sft.InstructionTuning) -> list[float]:
    """The gradient's norm of each layer; a resumed run finds it in its folder."""
    path = Path(config.out) / NORMS
    if path.exists():
        norms: list[float] = json.loads(path.read_text(encoding="utf-8"))
        return norms
    place, model = method.state(), method.model.to(device.pick())

    def loss(batch: Batch) -> Tensor:
        # One row at a time, so that the probe is not what needs the most memory.
        with device.precision(device.pick(), config.loop.mixed):
            return method.loss(batch.first().to(device.pick())).sum / batch.first().whole

    batches = [method.next_step(0.0).batches[0] for _ in range(config.probe_batches)]
    method.restore(place)
    norms = gradient_norms(
        model, (partial(loss, batch) for batch in batches), config.adapter.targets
    )
    if distributed.is_first() and not options.plan:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(norms), encoding="utf-8")
    return norms


def _terms(path: str) -> list[str]:
    """The terms of a file: one per line, spellings divided by |, # for comments."""
    lines = Path(path).read_text(encoding="utf-8").splitlines() if path else []
    named = (part.strip() for line in lines if line[:1] != "#" for part in line.split("|"))
    return [term for term in named if term]

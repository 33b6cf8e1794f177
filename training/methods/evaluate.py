"""Measure a model: perplexity and bits per byte by domain, and benchmark questions.

assay-train evaluate --model work/sft/model --data texts --tasks benchmarks
"""

import json
import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from training.data import rows
from training.data.formats import read_documents
from training.evaluate import harness
from training.evaluate.benchmarks import score
from training.evaluate.likelihood import perplexity
from training.evaluate.tasks import read_tasks
from training.methods.common import Options
from training.models.loading import load_frozen
from training.tokenizer import load_tokenizer


@dataclass(frozen=True)
class Config:
    """model: a folder; data: a file, a folder or a pattern of texts, each file a domain; tasks:
    file or folder of questions; limit: documents per domain and questions per task, 0 = all; out:
    JSON file for the figures; harness: folder for the same as tasks of lm-eval, instead of
    measuring; cloze: choose among the answers' texts, not their letters; context: tokens a forward
    pass sees, 0 = what the model says.
    """

    model: str
    data: str = ""
    tasks: str = ""
    limit: int = 0
    out: str = ""
    harness: str = ""
    cloze: bool = False
    rows: int = 8  # texts per forward pass
    context: int = 0
    new_tokens: int = 256  # of an answer, at most

    def __post_init__(self) -> None:
        if not (self.data or self.tasks):
            raise ValueError("data (texts) or tasks (questions) is missing.")


def run(config: Config, options: Options) -> bool:
    """Print the figures as tables, and write them to out."""
    folder = Path(config.model)
    texts = _texts(Path(config.data), config.limit) if config.data else {}
    tasks = []
    if config.tasks:
        tasks = read_tasks(Path(config.tasks), config.limit, cloze=config.cloze)
    if config.harness:
        names = harness.write(Path(config.harness), tasks, texts, config.new_tokens)
        print(harness.command(folder, Path(config.harness), names))
        return True
    model = load_frozen(folder)
    tokenizer = load_tokenizer(folder)
    context = config.context or model.config.max_position_embeddings
    figures: dict[str, dict[str, dict[str, float]]] = {"domains": {}, "tasks": {}}
    for name, some in texts.items():
        found = perplexity(model, tokenizer, some, _prefix(folder, tokenizer), context)
        figures["domains"][name] = found
        _tell(name, found, config.out, figures)
    for task in tasks:
        found = score(model, tokenizer, task, config.rows, context, config.new_tokens)
        figures["tasks"][task.name] = found
        _tell(task.name, found, config.out, figures)
    return True


def _texts(where: Path, limit: int) -> dict[str, list[str]]:
    """The texts of each file, by its name; files of one name are one domain."""
    texts: dict[str, list[str]] = {}
    for path in rows.find(where, (*rows.SUFFIXES, ".txt")):
        domain = texts.setdefault(path.name.partition(".")[0], [])
        if path.suffix == ".txt":
            domain.append(rows.text(path))
        else:
            domain += (one.text for one in islice(read_documents(path), limit or None))
    return {name: some[: limit or None] for name, some in texts.items()}


def _prefix(folder: Path, tokenizer: Any) -> int:
    """The token before a text: the one that begins texts, else the one that ends them."""
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for key in ("bos_token", "eos_token"):
        token = settings.get(key)
        number = tokenizer.token_to_id(token["content"] if isinstance(token, dict) else token or "")
        if number is not None:
            return int(number)
    raise ValueError(f"{path} names no bos_token or eos_token.")


def _tell(name: str, found: dict[str, float], out: str, figures: object) -> None:
    """Print what was found and write all figures so far, of which a stop then takes nothing."""
    shown = (f"{key} {value:.5g}" for key, value in found.items())
    print(f"{name:<30}", *shown, sep="  ", flush=True)
    if out:
        unfinished = Path(f"{out}.tmp")
        unfinished.write_text(json.dumps(figures, indent=1), encoding="utf-8")
        os.replace(unfinished, out)

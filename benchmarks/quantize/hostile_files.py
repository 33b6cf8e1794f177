"""Seeded damage to GGUF files, importance matrices and recipes, and the commands that read them."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.gguf_mutations import Mutator, make_small, odd_model, odd_models
from benchmarks.quantize.hostile_json import encode, hardly_json, spoil
from engine.model.gguf.header import TensorInfo, read_header
from quantize.compare import compare
from quantize.imatrix import collect
from quantize.quantize import Mix, quantize
from quantize.recipe import Recipe, file_hash, replay, write_recipe
from quantize.search import Aim, search
from quantize.task import Task
from quantize.types import TYPES
from quantize.writer import Tensor, text, texts, u32, write_gguf

MODEL, MATRIX, RECIPE, TEXT = "model.gguf", "imatrix.gguf", "recipe.json", "text.txt"
DIALOGUES = "dialogues.txt"  # instead of our own, which take seconds


@dataclass(frozen=True, slots=True)
class Good:
    """The undamaged files."""

    folder: Path
    model: bytes
    matrix: bytes
    recipe: bytes


def make_good(folder: Path) -> Good:
    """A small model, an importance matrix of it and a recipe for it."""
    model = make_small(folder / MODEL)
    tensors = read_header(folder / MODEL).tensors
    wide = [one for one in tensors if len(one.shape) == 2]
    _write_matrix(folder / MATRIX, wide)
    hashes = file_hash(folder / MODEL), file_hash(folder / MATRIX)
    kinds = {one.name: "Q4_0" for one in wide}
    write_recipe(folder / RECIPE, Recipe(*hashes, "Q4_0", kinds, 0.1, 1))
    (folder / TEXT).write_text("The price of bitcoin rose and fell again. " * 40)
    (folder / DIALOGUES).write_text("@user\nbtc?\n@assistant\n" + "It fell. " * 100)
    parts = (folder / MATRIX).read_bytes(), (folder / RECIPE).read_bytes()
    return Good(folder, model, *parts)


def _write_matrix(path: Path, weights: list[TensorInfo]) -> None:
    tensors = []
    for one in weights:
        for name, count in ((f"{one.name}.in_sum2", one.shape[0]), (f"{one.name}.counts", 1)):
            data = np.ones((1, count), np.float32).tobytes()
            tensors.append(Tensor(name, (1, count), "F32", lambda data=data: iter((data,))))
    metadata = {
        "general.type": text("imatrix"),
        "imatrix.datasets": texts(["none"]),
        "imatrix.chunk_count": u32(1),
        "imatrix.chunk_size": u32(512),
    }
    with open(path, "wb") as file:
        write_gguf(file, metadata, tensors, lambda *_: None)


def command(good: Good, place: Path, seed: int, index: int) -> tuple[str, Callable[[Task], object]]:
    """A damaged file laid out in `place`, and what to do with it; the command's name first."""
    dice = random.Random(f"{seed} {index}")
    name = dice.choice(("quantize", "importance", "imatrix", "compare", "search", "recipe"))
    source, matrix = good.folder / MODEL, good.folder / MATRIX
    bad, out = place / "model" / "bad.gguf", place / "out" / "out.gguf"
    bad.parent.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(exist_ok=True)
    if name == "recipe":
        bad = bad.with_suffix(".json")
        bad.write_bytes(_recipe(good.recipe, dice))
        return name, lambda task: quantize(source, out, replay(bad, source, matrix), task)
    if name == "importance" or (name == "search" and dice.random() < 0.5):
        bad.write_bytes(Mutator(good.matrix).mutate(seed, index))
        if name == "search":
            return name, lambda task: search(source, out, Aim(bits=4.5), bad, [], task)
        return name, lambda task: quantize(source, out, Mix("Q4_0", (), bad), task)
    bad.write_bytes(_model(good.model, dice, seed, index))
    if name == "search":
        return name, lambda task: search(bad, out, Aim(bits=4.5), matrix, [], task)
    if name == "imatrix":
        return name, lambda task: collect(bad, out, [], task)
    if name == "compare":
        return name, lambda task: compare(source, bad, good.folder / TEXT, task)
    return name, lambda task: quantize(bad, out, dice.choice(TYPES), task)


def _model(content: bytes, dice: random.Random, seed: int, index: int) -> bytes:
    if dice.random() < 0.1:
        return odd_model(dice.choice(list(odd_models()))[1])
    return Mutator(content).mutate(seed, index)


def _recipe(good: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.2:
        return hardly_json(good, dice)
    return encode(spoil(json.loads(good), dice, dice.choice((1, 2))))

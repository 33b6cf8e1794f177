"""Finds the type of each weight that makes the best file of a given size.

Each candidate's error on each weight is computed, weighted by the importance of its inputs; one
run per weight measures what a unit of that error costs in answers; then the total is made as
small as the size allows. docs/quantize.md has the formulas.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from math import prod
from pathlib import Path

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, TensorInfo, read_header
from quantize.allocate import allocate
from quantize.compare import compare
from quantize.costs import Measured, cost_table
from quantize.imatrix import read_importance
from quantize.outcome import Outcome
from quantize.output import readable
from quantize.quantize import Mix, planned_kinds, quantize
from quantize.recipe import Recipe, file_hash, write_recipe
from quantize.refine import Choice, Table, refine
from quantize.sizes import file_size, fits, kinds_of, padded, tensor_size, weights
from quantize.task import Task
from quantize.types import LABELS, WEIGHT_TYPES

SPAN = 1.5  # types this many bits per weight below the aim are not looked at


@dataclass(frozen=True, slots=True)
class Aim:
    """How large the file may be: bytes, or bits per weight on average where size is 0."""

    size: int = 0
    bits: float = 0.0


@dataclass(frozen=True, slots=True)
class Refinement:
    """How many changes to try, and the text each is judged on."""

    tries: int
    held_out: Path


@dataclass(frozen=True, slots=True)
class Found(Outcome):
    """A finished search: bytes before and after, bits per weight, how many weights got each type,
    the divergence expected of it, where the recipe lies, and the share of the products' square
    error that feedback left (1 without)."""

    size_before: int
    size: int
    bits_per_weight: float
    types: dict[str, int]
    predicted: float
    recipe: str
    error_left: float = 1.0

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        types = ", ".join(f"{count} × {kind}" for kind, count in self.types.items())
        return (
            f"{readable(self.size)} ({self.bits_per_weight:.2f} bits per weight): {types}. "
            f"Expected mean KL divergence {self.predicted:.6f}. Recipe: {self.recipe}."
        )


def search(
    source: Path,
    target: Path,
    aim: Aim,
    importance: Path,
    texts: list[Path],
    task: Task,
    refinement: Refinement | None = None,
    feedback: bool = False,
) -> Found:
    """Write the best file found within `aim`, and TARGET's recipe beside it.

    texts: the user's, beside our own dialogues; feedback: round the file with feedback. Raises
    KnownError and Cancelled; `target` is then as it was before, and what was measured so far is in
    a hidden file beside it, with which the same search goes on.
    """
    header = read_header(source)
    kinds = planned_kinds(source, header, Mix("Q8_0", (), importance), task)
    budget = aim.size or _bytes_for(source, header, aim.bits)
    candidates = _candidates(header, kinds, importance, 8 * budget / weights(header))
    _check_possible(source, header, candidates, budget)
    hashes = file_hash(source), file_hash(importance)
    journal = target.with_name(f".{target.name}.search")
    measured = Measured(source, header, importance, texts, journal, " ".join(hashes))
    table = cost_table(measured, candidates, task)
    chosen = _choose(source, header, table, budget)

    def recipe(choice: Choice, predicted: float) -> Recipe:
        size = file_size(source, header, kinds_of(header) | choice)
        return Recipe(*hashes, _label(header, choice), choice, predicted, size)

    written = 0.9 if feedback else 0.98
    if refinement is not None:
        room = budget - recipe(chosen, 0.0).size
        with task.part(0.8, written), tempfile.TemporaryDirectory(dir=target.parent) as folder:
            trial = Path(folder) / "trial.gguf"

            def measure(choice: Choice) -> float:
                with task.part(0.0, 0.0):
                    quantize(source, trial, recipe(choice, 0.0).mix(importance), task)
                    found = compare(source, trial, refinement.held_out, task)
                return found.mean_divergence

            chosen, _ = refine(chosen, table, room, refinement.tries, measure)
    predicted = sum(table[name][kind][1] for name, kind in chosen.items())
    final = recipe(chosen, predicted)
    with task.part(written, 1.0):
        again = texts if feedback else None
        done = quantize(source, target, final.mix(importance), task, again)
    path = target.with_suffix(".recipe.json")
    write_recipe(path, final)
    journal.unlink(missing_ok=True)
    types = dict(Counter(chosen.values()).most_common())
    expected = predicted * done.error_left
    before, left = done.size_before, done.error_left
    return Found(before, done.size, done.bits_per_weight, types, expected, str(path), left)


def _bytes_for(source: Path, header: GgufHeader, bits: float) -> int:
    """Bytes of a file whose weights take so many bits on average."""
    full = kinds_of(header)
    rest = file_size(source, header, full) - sum(tensor.size for tensor in header.tensors)
    return rest + int(bits * weights(header) / 8)


def _check_possible(
    source: Path, header: GgufHeader, candidates: dict[str, list[str]], budget: int
) -> None:
    """Raise KnownError if not even the smallest candidates fit."""
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    smallest = {
        name: min((tensor_size(shapes[name], kind), kind) for kind in kinds)[1]
        for name, kinds in candidates.items()
    }
    least = file_size(source, header, kinds_of(header) | smallest)
    if least > budget:
        raise KnownError(
            f"The file cannot be that small: {readable(least)} is the least worth making.",
            "Give it more room, or take a smaller model.",
        )


def _candidates(
    header: GgufHeader, planned: dict[str, str], importance: Path, bits: float
) -> dict[str, list[str]]:
    """Tensor → types worth trying; only tensors that llama.cpp quantizes at all."""
    known = read_importance(importance)
    result = {}
    for tensor in header.tensors:
        if planned[tensor.name] == tensor.type.name:
            continue
        options = [kind for kind in WEIGHT_TYPES if _possible(tensor, kind, bits)]
        if tensor.name not in known:
            options = [kind for kind in options if not kind.startswith(("IQ1", "IQ2", "IQ3"))]
        result[tensor.name] = options
    return result


def _possible(tensor: TensorInfo, kind: str, bits: float) -> bool:
    if kind == tensor.type.name:
        return True
    if kind in ("F32", "F16", "BF16") or not fits(tensor.shape, kind):
        return False
    return 8 * tensor_size(tensor.shape, kind) / prod(tensor.shape) >= bits - SPAN


def _choose(source: Path, header: GgufHeader, table: Table, budget: int) -> Choice:
    """Tensor → type, within the budget and with the least sum of costs."""
    fixed = file_size(source, header, kinds_of(header)) - sum(
        padded(header, tensor.size) for tensor in header.tensors if tensor.name in table
    )
    found = allocate(
        [[size for size, _ in options.values()] for options in table.values()],
        [[cost for _, cost in options.values()] for options in table.values()],
        budget - fixed,
    )
    assert found is not None  # the least size was checked
    return {
        name: list(options)[option]
        for (name, options), option in zip(table.items(), found, strict=True)
    }


def _label(header: GgufHeader, chosen: dict[str, str]) -> str:
    """llama.cpp's name for a file that has most weights of such a type."""
    counts: Counter[str] = Counter()
    for tensor in header.tensors:
        kind = chosen.get(tensor.name, "")
        if kind and kind != tensor.type.name:
            counts[kind] += prod(tensor.shape)
    kind = counts.most_common(1)[0][0] if counts else "Q8_0"
    return LABELS.get(kind, kind)

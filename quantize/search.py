"""Finds the type of each weight that makes the best file of a given size.

Each candidate's error on each weight is computed, weighted by the importance of its inputs; one
run per weight measures what a unit of that error costs in answers; then the total is made as
small as the size allows. docs/quantize.md has the formulas.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

from engine.core.errors import Cancelled, KnownError
from engine.model.gguf.header import GgufHeader, read_header
from quantize.allocate import allocate
from quantize.candidates import candidates, room
from quantize.compare import compare
from quantize.costs import Measured, cost_table
from quantize.outcome import Outcome
from quantize.output import atomic_output, check_place, check_space, readable
from quantize.quantize import Mix, planned_kinds, quantize
from quantize.recipe import Recipe, file_hash, write_recipe
from quantize.refine import Choice, Table, refine
from quantize.sizes import file_size, kinds_of, tensor_size, weights
from quantize.task import Interrupted, Task
from quantize.types import LABELS


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
    KnownError and Cancelled; `target` is then as it was before. After Interrupted, which is a
    Cancelled, the same search goes on with what was measured, in a hidden file beside it.
    """
    header = read_header(source)
    check_place(target, (source, importance))
    path = target.with_suffix(".recipe.json")
    check_place(path, (source, importance))
    kinds = planned_kinds(source, header, Mix("Q8_0", (), importance), task)
    budget = aim.size or _bytes_for(source, header, aim.bits)
    options = candidates(source, header, kinds, importance, budget)
    _check_possible(source, header, options, budget)
    check_space(target, budget if refinement is None else 2 * budget)
    hashes = file_hash(source), file_hash(importance)
    journal = target.with_name(f".{target.name}.search")
    measured = Measured(source, header, importance, texts, journal, " ".join(hashes))
    with _kept(journal):
        table = cost_table(measured, options, task)
        chosen = _choose(source, header, table, budget)

        def recipe(choice: Choice, predicted: float) -> Recipe:
            size = file_size(source, header, kinds_of(header) | choice)
            return Recipe(*hashes, _label(header, choice), choice, predicted, size)

        written = 0.9 if feedback else 0.98
        if refinement is not None:
            spare = budget - recipe(chosen, 0.0).size
            trials = tempfile.TemporaryDirectory(".part", f".{target.name}.", target.parent)
            with task.part(0.8, written), trials as folder:
                trial = Path(folder) / "trial.gguf"

                def measure(choice: Choice) -> float:
                    with task.part(0.0, 0.0):
                        quantize(source, trial, recipe(choice, 0.0).mix(importance), task)
                        found = compare(source, trial, refinement.held_out, task)
                    return found.mean_divergence

                chosen, _ = refine(chosen, table, spare, refinement.tries, measure)
        predicted = sum(table[name][kind][1] for name, kind in chosen.items())
        final = recipe(chosen, predicted)
        with task.part(written, 1.0):
            again = texts if feedback else None
            done = quantize(source, target, final.mix(importance), task, again)
        with atomic_output(path) as temporary:
            write_recipe(temporary, final)
        journal.unlink(missing_ok=True)
        types = dict(Counter(chosen.values()).most_common())
        expected = predicted * done.error_left
        sizes = done.size_before, done.size
        bits, left = done.bits_per_weight, done.error_left
        return Found(*sizes, bits, types, expected, str(path), left)


@contextmanager
def _kept(journal: Path) -> Iterator[None]:
    """Inside, Cancelled becomes Interrupted once there are figures that a rerun goes on from."""
    try:
        yield
    except Cancelled as stop:
        if journal.exists():
            raise Interrupted from stop
        raise


def _bytes_for(source: Path, header: GgufHeader, bits: float) -> int:
    """Bytes of a file whose weights take so many bits on average."""
    full = kinds_of(header)
    rest = file_size(source, header, full) - sum(tensor.size for tensor in header.tensors)
    return rest + int(bits * weights(header) / 8)


def _check_possible(
    source: Path, header: GgufHeader, options: dict[str, list[str]], budget: int
) -> None:
    """Raise KnownError if there is nothing to do, or not even the smallest candidates fit."""
    if header.size <= budget:
        raise KnownError(
            f"{source.name} is no larger than that: {readable(header.size)}.", "Give less room."
        )
    if all(len(kinds) == 1 for kinds in options.values()):
        raise KnownError(
            "None of the file's weights can be stored in fewer bits.", "Use another model."
        )
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    smallest = {
        name: min((tensor_size(shapes[name], kind), kind) for kind in kinds)[1]
        for name, kinds in options.items()
    }
    least = file_size(source, header, kinds_of(header) | smallest)
    if least > budget:
        raise KnownError(
            f"The file cannot be that small: {readable(least)} is the least worth making.",
            "Give it more room, or take a smaller model.",
        )


def _choose(source: Path, header: GgufHeader, table: Table, budget: int) -> Choice:
    """Tensor → type, within the budget and with the least sum of costs."""
    found = allocate(
        [[size for size, _ in options.values()] for options in table.values()],
        [[cost for _, cost in options.values()] for options in table.values()],
        room(source, header, list(table), budget),
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

"""The columns of the table of files, for the terminal and for the report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantize.compare import Comparison
from quantize.output import readable
from quantize.speed import Speed
from quantize.suite import ToolScore

if TYPE_CHECKING:
    from quantize.assess import Assessment, FileFigures

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of every file. title: its head; help: what it means; cell: it as text."""

    title: str
    help: str
    cell: "Callable[[FileFigures], str]"


def tables(found: "Assessment") -> list[list[Column]]:
    """What the files lose, and how they do on this computer, as far as it was measured."""
    losses = [
        Column("size", "of the file", lambda one: readable(one.size)),
        Column("bits", "per weight", lambda one: f"{one.bits_per_weight:.2f}"),
        _of("mean KL", "divergence, nats", lambda one: nats(one.mean_divergence)),
        _of("99 %", "of positions diverge less", lambda one: nats(one.p99_divergence)),
        _of("99.9 %", "of positions diverge less", lambda one: nats(one.p999_divergence)),
        _of("largest", "divergence of a position", lambda one: nats(one.max_divergence)),
        _of("same token", "likeliest for both", lambda one: f"{one.agreement:.2%}"),
        _of("perplexity", "of the texts", lambda one: f"{one.candidate_perplexity:.3f}"),
        _of("ratio", "to the original's", lambda one: f"{one.perplexity_ratio:.4f}"),
    ]
    context = f"with {found.context:,} tokens of context"
    here = [Column("memory", context, lambda one: readable(one.memory))]
    if found.original.speed:
        depth = f"tokens a second, after {found.original.speed.depth}"
        here += [
            _timed("held", "at most, when timed", _held),
            _timed("reads", "tokens a second", lambda one: f"{one.prompt:.1f}"),
            _timed("writes", depth, lambda one: f"{one.generated:.1f}"),
        ]
    if found.original.tools:
        asked = f"of {found.original.tools.questions} questions"
        here += [
            _asked("right tool", asked, lambda one: f"{one.tool / one.questions:.1%}"),
            _asked("right call", "arguments too; 95 % interval", _call),
        ]
    if len(here) == 1:  # no table of its own for one figure
        return [[*losses[:2], *here, *losses[2:]]]
    return [losses, here]


def nats(value: float) -> str:
    """A divergence as short as it may be."""
    return f"{value:.5f}" if value >= 1e-4 or value == 0 else f"{value:.1e}"


def _held(one: Speed) -> str:
    return readable(one.resident) if one.resident else NOTHING


def _call(one: ToolScore) -> str:
    return f"{one.call / one.questions:.1%} ({one.low:.1%}–{one.high:.1%})"


def _of(title: str, about: str, text: Callable[[Comparison], str]) -> Column:
    return Column(title, about, lambda one: text(one.comparison) if one.comparison else NOTHING)


def _timed(title: str, about: str, text: Callable[[Speed], str]) -> Column:
    return Column(title, about, lambda one: text(one.speed) if one.speed else NOTHING)


def _asked(title: str, about: str, text: Callable[[ToolScore], str]) -> Column:
    return Column(title, about, lambda one: text(one.tools) if one.tools else NOTHING)

"""Asking one source about several names; one it does not know does not stop the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from engine.core.errors import KnownError
from engine.core.records import PricePoint
from engine.core.steps import Step, part
from engine.market.sources.base import Parsed, UnknownAsset

T = TypeVar("T")

_SHOWN = 5
"""Reasons that are told of what was dropped about one asset."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """What came, and one sentence for everything that did not."""

    rows: tuple[T, ...]
    notes: tuple[str, ...]


def fetch_each(
    names: Sequence[str], ask: Callable[[str, Step], Parsed[T]], step: Step
) -> Fetched[T]:
    """Ask about each name in turn.

    An error of the source ends the round, and what came before it is kept. Raises that error, or
    that of the first unknown name, if nothing came at all.
    """
    rows: list[T] = []
    notes: list[str] = []
    failed: KnownError | None = None
    for index, name in enumerate(names):
        share = part(step, index / len(names), (index + 1) / len(names))
        share(0.0, name)
        try:
            parsed = ask(name, share)
        except UnknownAsset as error:
            failed = failed or error
            notes.append(str(error))
            continue
        except KnownError as error:
            failed = error
            left = len(names) - index - 1
            notes.append(f"{error} {left} more not asked about." if left else str(error))
            break
        rows += parsed.rows
        notes += [f"{name}: {reason}." for reason in parsed.dropped[:_SHOWN]]
        if len(parsed.dropped) > _SHOWN:
            notes.append(f"{name}: {len(parsed.dropped) - _SHOWN:,} more rows were dropped.")
    if failed is not None and not rows:
        raise failed
    return Fetched(tuple(rows), tuple(notes))


def news(
    rows: Sequence[PricePoint], stored: Callable[[str], Mapping[date, PricePoint]]
) -> list[PricePoint]:
    """The points that say something else than the stored ones; stored: those of an asset by day."""
    known = {asset: stored(asset) for asset in {row.asset for row in rows}}
    return [row for row in rows if _differs(row, known[row.asset].get(row.day))]


def _differs(new: PricePoint, old: PricePoint | None) -> bool:
    return old is None or any(
        getattr(new, name) not in (None, getattr(old, name))
        for name in ("close", "open", "high", "low", "volume")
    )

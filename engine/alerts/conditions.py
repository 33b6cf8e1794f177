"""Conditions joined by and/or, and their truth for many rules at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.alerts.kinds import KINDS
from engine.alerts.kinds.base import Check
from engine.alerts.panel import Bools, Ints, SeriesId


@dataclass(frozen=True, slots=True)
class AllOf:
    """True while every part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True while at least one part is."""

    parts: tuple["Condition", ...]


Condition = Check | AllOf | AnyOf


def checks_of(condition: Condition) -> Iterator[Check]:
    """The checks of a condition, from left to right."""
    if isinstance(condition, Check):
        yield condition
    else:
        for part in condition.parts:
            yield from checks_of(part)


def series_of(condition: Condition) -> frozenset[SeriesId]:
    """The data that a condition is worked out from."""
    return frozenset(
        series for check in checks_of(condition) for series in KINDS[check.kind].series(check)
    )


def assets_of(condition: Condition) -> tuple[str, ...]:
    """The assets whose prices or weights a condition is worked out from, sorted."""
    named = {one.name for one in series_of(condition) if one.topic in ("price", "weight")}
    return tuple(sorted({name.partition("/")[0] for name in named}))


def describe(condition: Condition) -> str:
    """The condition in words: "BTC above $100,000.00 and (ETH up 5 % in 24 h or …)"."""
    if isinstance(condition, Check):
        return KINDS[condition.kind].describe(condition)
    word = " and " if isinstance(condition, AllOf) else " or "
    return word.join(
        describe(part) if isinstance(part, Check) else f"({describe(part)})"
        for part in condition.parts
    )


def outline(condition: Condition, depth: int = 0) -> Iterator[tuple[int, str]]:
    """The condition in words, line by line: how deep it lies, and what it says."""
    if isinstance(condition, Check):
        yield depth, describe(condition)
        return
    yield depth, "All of these:" if isinstance(condition, AllOf) else "At least one of these:"
    for part in condition.parts:
        yield from outline(part, depth + 1)


@dataclass(frozen=True, slots=True)
class _Level:
    """Nodes of one height: each takes its children from `offsets` on, of which `needed` be true."""

    children: Ints
    offsets: Ints
    needed: Ints


@dataclass(frozen=True, slots=True)
class Trees:
    """The conditions of all rules as arrays: nodes are the checks first, then the joints.

    rule: that of each check. roots: the node of each rule's whole condition.
    """

    checks: tuple[Check, ...]
    rule: Ints
    roots: Ints
    levels: tuple[_Level, ...]

    def truth(self, checks: Bools) -> Bools:
        """Whether each rule's condition holds, given whether each check does."""
        nodes = checks
        for level in self.levels:
            count = np.add.reduceat(nodes[level.children].astype(np.int64), level.offsets)
            nodes = np.concatenate([nodes, count >= level.needed])
        return nodes[self.roots]


def compile_trees(conditions: Sequence[Condition]) -> Trees:
    """Lay the conditions out as arrays."""
    checks: list[Check] = []
    rule: list[int] = []
    joints: dict[int, list[tuple[AllOf | AnyOf, list[tuple[int, int]]]]] = {}

    def lay(condition: Condition, owner: int) -> tuple[int, int]:
        """The height of a condition and its place among the nodes of that height."""
        if isinstance(condition, Check):
            checks.append(condition)
            rule.append(owner)
            return 0, len(checks) - 1
        parts = [lay(part, owner) for part in condition.parts]
        height = 1 + max(part[0] for part in parts)
        row = joints.setdefault(height, [])
        row.append((condition, parts))
        return height, len(row) - 1

    places = [lay(condition, owner) for owner, condition in enumerate(conditions)]
    first = [0, len(checks)]
    levels = []
    for height in range(1, len(joints) + 1):
        rows = joints[height]
        children = [first[level] + place for _, parts in rows for level, place in parts]
        sizes = [len(parts) for _, parts in rows]
        levels.append(
            _Level(
                np.array(children, dtype=np.int64),
                np.cumsum([0, *sizes[:-1]]),
                np.array(
                    [
                        size if isinstance(joint, AllOf) else 1
                        for (joint, _), size in zip(rows, sizes, strict=True)
                    ]
                ),
            )
        )
        first.append(first[-1] + len(rows))
    return Trees(
        tuple(checks),
        np.array(rule, dtype=np.int64),
        np.array([first[height] + place for height, place in places], dtype=np.int64),
        tuple(levels),
    )

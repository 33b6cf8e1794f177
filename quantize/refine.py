"""Tries small changes of a found mixture against measured answers instead of predicted ones."""

from collections.abc import Callable, Iterator, Mapping, Sequence

Choice = dict[str, str]
Table = Mapping[str, Mapping[str, tuple[int, float]]]  # tensor → type → (bytes, predicted cost)


def refine(
    choice: Choice, table: Table, room: int, tries: int, measure: Callable[[Choice], float]
) -> tuple[Choice, float]:
    """The best choice met, and what was measured of it.

    room: bytes the choice may grow by; measure: the divergence of a choice on held-out text. Each
    try gives one tensor its next better type and another its next smaller one, those of the
    least predicted loss first; a try that measures lower is kept.
    """
    best = measure(choice)
    tried: set[frozenset[tuple[str, str]]] = set()
    for _ in range(tries):
        change = next((one for one in _swaps(choice, table, room) if one[2] not in tried), None)
        if change is None:
            break
        growth, swapped, key = change
        tried.add(key)
        measured = measure(swapped)
        if measured < best:
            choice, best, room = swapped, measured, room - growth
    return choice, best


def _swaps(
    choice: Choice, table: Table, room: int
) -> Iterator[tuple[int, Choice, frozenset[tuple[str, str]]]]:
    """(bytes it grows by, changed choice, what is changed), least predicted loss first."""
    ups = list(_steps(choice, table, 1))
    downs = list(_steps(choice, table, -1))
    found = [
        (up[3] + down[3], up[2] + down[2], up[:2], down[:2])
        for up in ups
        for down in downs
        if up[0] != down[0] and up[2] + down[2] <= room
    ]
    for _, growth, up, down in sorted(found):
        yield growth, choice | dict((up, down)), frozenset((up, down))


def _steps(choice: Choice, table: Table, way: int) -> Iterator[tuple[str, str, int, float]]:
    """(tensor, its next type, bytes more, cost more) in one direction of size."""
    for name, kind in choice.items():
        order = _worthwhile(table[name], kind)
        at = order.index(kind) + way
        if 0 <= at < len(order):
            size, cost = table[name][order[at]]
            now, spent = table[name][kind]
            yield name, order[at], size - now, cost - spent


def _worthwhile(options: Mapping[str, tuple[int, float]], kind: str) -> Sequence[str]:
    """Types by size, without those that another beats in both size and cost; kind stays."""
    order = sorted(options, key=lambda one: options[one])
    kept: list[str] = []
    least = float("inf")
    for one in order:
        if options[one][1] < least or one == kind:
            kept.append(one)
            least = min(least, options[one][1])
    return kept

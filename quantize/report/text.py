"""What was found out about files, for a terminal."""

from typing import TYPE_CHECKING

from quantize.report.columns import Column, tables

if TYPE_CHECKING:
    from quantize.assess import Assessment


def summary(found: "Assessment") -> str:
    """Tables and the recommendation, in lines."""
    lines = []
    for shown in tables(found):
        lines += [*_table(found, shown), ""]
    choice = found.recommendation
    lines += [f"For this computer: {choice.name}.", *choice.reasons]
    lines += ["", f"Compared at {found.positions:,} positions of {', '.join(found.texts)}."]
    if found.report:
        lines.append(f"Report: {found.report}.")
    return "\n".join(lines)


def _table(found: "Assessment", shown: list[Column]) -> list[str]:
    rows = [["file", *(column.title for column in shown)]]
    rows += [[one.name, *(column.cell(one) for column in shown)] for one in found.everything]
    first, *widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(first), *map(str.rjust, row[1:], widths)]) for row in rows]

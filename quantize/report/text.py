"""What was found out about files, for a terminal."""

from typing import TYPE_CHECKING

from quantize.report.columns import columns

if TYPE_CHECKING:
    from quantize.assess import Assessment


def summary(found: "Assessment") -> str:
    """A table and the recommendation, in lines."""
    shown = columns(found)
    table = [["file", *(column.title for column in shown)]]
    table += [[one.name, *(column.cell(one) for column in shown)] for one in found.everything]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    ]
    choice = found.recommendation
    lines += ["", f"For this computer: {choice.name}.", *choice.reasons]
    lines += ["", f"Compared at {found.positions:,} positions of {', '.join(found.texts)}."]
    if found.report:
        lines.append(f"Report: {found.report}.")
    return "\n".join(lines)

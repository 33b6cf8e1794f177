"""The cost-basis settings in words."""

import calendar

from PySide6.QtCore import QCoreApplication

from engine.core.words import capitalised
from engine.service import METHOD_NAMES, CostBasis

_translate = QCoreApplication.translate


def method_name(method: str) -> str:
    """A method in words: "First in, first out"."""
    name = next((words for key, words in METHOD_NAMES.items() if key == method), method)
    return capitalised(name)


def method_choices() -> list[tuple[str, str]]:
    """All methods as choices."""
    return [(method, method_name(method)) for method in METHOD_NAMES]


def basis_words(basis: CostBasis) -> tuple[str, str]:
    """What is in force: the methods, and the years."""
    words = basis.described()
    if not basis.universal:
        words += _translate("basis", ", each account by itself")
    month, day = basis.year_start
    years = _translate("basis", "Tax years start on {day} {month}; held long from {days} days.")
    return (
        capitalised(words),
        years.format(day=day, month=calendar.month_name[month], days=f"{basis.long_days:,}"),
    )

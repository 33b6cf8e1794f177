"""Money in the ledger is Decimal: no binary fraction is written, made or computed with."""

import ast
from pathlib import Path

import pytest

import engine.ledger

FOLDER = Path(engine.ledger.__file__).parent

EXCEPTED = {
    "history.py": "the daily values that returns are computed from are statistics, not amounts",
    "performance.py": "returns are statistics",
    "pricing.py": "it hands the closes of many days to the daily history",
    "growth.py": "returns and yearly rates are statistics of the daily history",
    "replay.py": "the changes and betas of a scenario are statistics",
    "tax_pages.py": "it measures a page in points and shares of its width",
    "tax_tables.py": "it says how wide the columns of a page are",
    "importers/__init__.py": "how far a dry run is, as a fraction",
}
"""What may use binary fractions, and why."""

MODULES = sorted(
    path.relative_to(FOLDER).as_posix()
    for path in FOLDER.rglob("*.py")
    if path.relative_to(FOLDER).as_posix() not in EXCEPTED
)


def floats(source: str) -> list[str]:
    """What there is of floats in a module, each with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float() | complex()):
                found.append(f"{node.lineno}: the literal {node.value}")
            case ast.Name(id="float") if isinstance(node.ctx, ast.Load):
                found.append(f"{node.lineno}: float")
            case ast.Import(names=names):
                found += [f"{node.lineno}: {one.name}" for one in names if _is_numpy(one.name)]
            case ast.ImportFrom(module=str() as module) if _is_numpy(module):
                found.append(f"{node.lineno}: {module}")
    return found


def _is_numpy(module: str) -> bool:
    return module.partition(".")[0] in ("numpy", "math", "statistics")


@pytest.mark.parametrize("module", MODULES)
def test_no_module_of_the_ledger_has_a_float(module: str) -> None:
    assert floats((FOLDER / module).read_text(encoding="utf-8")) == []


def test_every_exception_is_there_and_needed() -> None:
    for module in EXCEPTED:
        assert floats((FOLDER / module).read_text(encoding="utf-8"))


def test_the_check_finds_floats() -> None:
    source = "import numpy as np\nfrom math import sqrt\nx: float = 0.5\ny = float('1') + 1e3\n"
    assert [line.split(":")[0] for line in sorted(floats(source))] == ["1", "2", "3", "3", "4", "4"]
    assert floats("from decimal import Decimal\nx = Decimal('0.5') * 2\n") == []

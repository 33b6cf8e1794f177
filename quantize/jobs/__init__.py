"""What runs in the child process: the only modules of this package that use llama.cpp."""

from collections.abc import Callable
from typing import Any

Arguments = dict[str, str]
Report = Callable[[float, str], None]
Result = dict[str, Any]
"""Figures, and lists of them or of texts."""

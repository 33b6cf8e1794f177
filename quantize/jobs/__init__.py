"""What runs in the child process: the only modules of this package that use llama.cpp."""

from collections.abc import Callable

Arguments = dict[str, str]
Report = Callable[[float, str], None]
Result = dict[str, float]

"""The files that ship with the program."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2] / "resources"


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder: resource("models", "starter.gguf")."""
    return _ROOT.joinpath(*parts)

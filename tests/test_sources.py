"""House rules that hold for every source file."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "desktop", "training", "quantize")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
_NET = ROOT / "engine" / "net"
_NETWORK = {"socket", "ssl", "http.client", "http.server", "urllib.request", "ftplib", "smtplib",
            "asyncio.streams", "requests", "huggingface_hub", "PySide6.QtNetwork"}  # fmt: skip
_CODE_FROM_DATA = {"pickle", "shelve", "marshal", "diskcache", "dill"}
# MiniMind's checkpoints are torch's own files: read for their weights only, and written.
_CHECKPOINTS = ROOT / "training" / "models" / "minimind.py"
_FORBIDDEN = {"eval", "exec", "torch.load", "torch.save", "yaml.load", "os.system"}
_BIDI = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_file(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    imported = set(_imports(tree))
    if path.parent != _NET:
        assert not imported & _NETWORK, "only engine/net may open sockets"
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {ast.unparse(node.func) for node in calls}
    if path == _CHECKPOINTS:
        reading = [node for node in calls if ast.unparse(node.func) == "torch.load"]
        assert all("weights_only=True" in ast.unparse(node) for node in reading)
        imported, called = imported - {"pickle"}, called - {"torch.load", "torch.save"}
    assert not imported & _CODE_FROM_DATA, "no module that runs code from data"
    assert not called & _FORBIDDEN
    assert text.count("\n") <= 500
    assert not _BIDI.search(text), "invisible or direction-changing characters"
    assert ast.get_docstring(tree) is not None or not text.strip()


def test_llama_cpp_is_loaded_in_the_child_only() -> None:
    """By name: the child imports it when its filter is in force, which import-linter cannot see."""
    child, names = ROOT / "engine" / "model" / "child", {"llama_cpp", "llama_cpp.llama_cpp"}
    allowed = {ROOT / "engine" / "model" / "tuning" / "store.py"}  # asks which build it is
    for path in SOURCES:
        if child not in path.parents and path not in allowed:
            constants = {n.value for n in ast.walk(ast.parse(path.read_text("utf-8")))
                         if isinstance(n, ast.Constant) and isinstance(n.value, str)}  # fmt: skip
            assert not constants & names, path


def test_no_machine_paths_in_tracked_text() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    home_path = re.compile(rb"/(?:work|root)/(?:main|plan|shared|work)\b")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    for name in names:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".sh", ".json") and path.is_file():
            assert not home_path.search(path.read_bytes()), name


def test_resources_stay_small() -> None:
    binaries = (".gguf", ".npz", ".png", ".ttf", ".safetensors", ".svg")
    size = sum(p.stat().st_size for p in (ROOT / "resources").rglob("*") if p.suffix in binaries)
    assert size <= 40 * 1024 * 1024

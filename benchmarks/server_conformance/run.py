"""Runs llama.cpp's own server tests against Assay's server and says what becomes of each.

    python -m benchmarks.server_conformance.run LLAMA_CPP/tools/server/tests
    python -m benchmarks.server_conformance.run TESTS --only test_tokenize --markdown table.md

The tests are read where they are. They start their server by the path in LLAMA_SERVER_BIN_PATH,
which is shim.py here, with the model of stand_in.py. Needs the Python package "requests", which is
fetched once; tests that need models of gigabytes ("slow") are left out, as they are upstream.
"""

import argparse
import os
import socket
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.server_conformance import shim
from benchmarks.server_conformance.reasons import explain, needs_their_model
from benchmarks.server_conformance.stand_in import write_stand_in

ROOT = Path(__file__).resolve().parents[2]
FILES = ("basic", "completion", "chat_completion", "security", "tokenize", "tool_call")
WANTED = 0.9


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test and what became of it: "passed", "failed" or "skipped"."""

    name: str
    state: str
    said: str


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 if enough tests pass and every failure is explained."""
    args = _parser().parse_args(argv)
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    outcomes = run_tests(args.tests.resolve(), work, args.only or None)
    if args.markdown:
        args.markdown.write_text(markdown(outcomes))
    return report(outcomes)


def run_tests(tests: Path, work: Path, only: Sequence[str] | None) -> list[Outcome]:
    """Run the tests; only: names of files or tests, all if None."""
    program = _program(work)
    model = work / "stand-in.gguf"
    write_stand_in(model)
    result = work / "result.xml"
    result.unlink(missing_ok=True)
    environment = os.environ | {
        "LLAMA_SERVER_BIN_PATH": str(program),
        "LLAMA_CACHE": str(work / "cache"),
        "PORT": str(_free_port()),
        "PYTHONPATH": os.pathsep.join(
            (str(_packages(work)), str(ROOT), os.environ.get("PYTHONPATH", ""))
        ),
        "PYTHONDONTWRITEBYTECODE": "1",
        shim.MODEL: str(model),
        shim.TESTS: str(tests),
    }
    chosen = [f"unit/test_{name}.py" for name in FILES]
    if only:
        chosen = [one for one in chosen if any(name in one for name in only)] or chosen
    command = [sys.executable, "-m", "pytest", *chosen, "-m", "not slow", f"--junitxml={result}"]
    command += ["-q", "--tb=line", "-p", "no:randomly", "-p", "no:cacheprovider"]
    if only and not any(name in one for one in chosen for name in only):
        command += ["-k", " or ".join(only)]
    subprocess.run(command, cwd=tests, env=environment, check=False)
    return _read(result)


def report(outcomes: Sequence[Outcome]) -> int:
    """Print one line a test and the sums."""
    for one in outcomes:
        why = "" if one.state == "passed" else f"  {explain(one.name) or 'NOT EXPLAINED'}"
        print(f"{one.state:8}{one.name}{why}")
    counts = Counter(one.state for one in outcomes)
    fair = [one for one in outcomes if one.state != "skipped" and not needs_their_model(one.name)]
    passed = sum(one.state == "passed" for one in fair)
    share = passed / len(fair) if fair else 0.0
    print(f"\nall: {dict(counts)}")
    print(f"without those that need stories260K: {passed} of {len(fair)} pass ({share:.1%})")
    unexplained = [one.name for one in outcomes if one.state == "failed" and not explain(one.name)]
    for name in unexplained:
        print(f"not explained: {name}")
    return 0 if share >= WANTED and not unexplained else 1


def markdown(outcomes: Sequence[Outcome]) -> str:
    """A table: files with their counts, then every failure with its reason."""
    lines = ["| Tests | pass | fail | of those that need stories260K |", "|---|---|---|---|"]
    for file in FILES:
        ours = [one for one in outcomes if one.name.startswith(f"test_{file}::")]
        passed = sum(one.state == "passed" for one in ours)
        failed = [one for one in ours if one.state == "failed"]
        theirs = sum(needs_their_model(one.name) for one in failed)
        lines.append(f"| test_{file} | {passed} | {len(failed)} | {theirs} |")
    lines += ["", "| Fails | Why |", "|---|---|"]
    groups: dict[tuple[str, str], int] = {}
    for one in outcomes:
        if one.state == "failed":
            plain = one.name.partition("[")[0]
            key = (plain, explain(one.name) or "not explained")
            groups[key] = groups.get(key, 0) + 1
    for (name, why), count in groups.items():
        lines.append(f"| {name}{f' (×{count})' if count > 1 else ''} | {why} |")
    return "\n".join(lines) + "\n"


def _read(result: Path) -> list[Outcome]:
    outcomes = []
    for case in ElementTree.parse(result).getroot().iter("testcase"):
        module = case.get("classname", "").rpartition(".")[2]
        failure = case.find("failure")
        failure = case.find("error") if failure is None else failure
        state = "passed" if failure is None else "failed"
        if case.find("skipped") is not None:
            state = "skipped"
        said = "" if failure is None else failure.get("message", "")
        outcomes.append(Outcome(f"{module}::{case.get('name')}", state, said))
    return outcomes


def _program(work: Path) -> Path:
    """An executable file that starts the shim."""
    path = work / "llama-server"
    path.write_text(
        f'#!/bin/sh\ncd "{ROOT}" || exit 1\n'
        f'exec "{sys.executable}" -m benchmarks.server_conformance.shim "$@"\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _packages(work: Path) -> Path:
    """A folder with what the tests import and Assay does not need."""
    folder = work / "packages"
    if not (folder / "requests").is_dir():
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder)]
        subprocess.run([*command, "requests"], check=True)
        # Only used to download models, which the stand-in makes needless.
        (folder / "wget.py").write_text('"""Downloads nothing."""\n')
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", type=Path, help="llama.cpp's folder tools/server/tests")
    parser.add_argument("--work", type=Path, default=Path("build/server-conformance"))
    parser.add_argument(
        "--only", action="append", default=[], help="part of a file's or test's name"
    )
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Tokens per second of the model child against llama-bench of the same llama.cpp source.

    python benchmarks/decode.py --build-dir DIR [--model FILE] [--threads N] [--runs N]

DIR keeps the unpacked source, the built llama-bench (about ten minutes on two cores) and the
random-weight Qwen3-0.6B that is measured when no model is given. Both sides use the same file,
threads, flash attention (off) and idle-thread setting; runs alternate; medians are compared.
llama-bench decodes random tokens; the child also chooses, spells and sends each one.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.model.client import GenerateRequest, LoadOptions, ModelClient  # noqa: E402
from engine.model.fit.memory import default_threads  # noqa: E402

PACKAGE = "llama_cpp_python-0.3.36"
BAR = 0.97
PROMPT = "The portfolio of this year and the next "
CMAKE = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_OPENSSL=OFF",
)


def run(*command: str | Path) -> None:
    """Run a build step; its output is shown."""
    subprocess.run([str(part) for part in command], check=True)


def llama_bench(folder: Path) -> Path:
    """The built llama-bench, from the source package the project pins."""
    binary = folder / "build" / "bin" / "llama-bench"
    if binary.is_file():
        return binary
    source = folder / PACKAGE
    if not source.is_dir():
        requirement = "llama-cpp-python==" + PACKAGE.rpartition("-")[2]
        pip = (sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:")
        run(*pip, "-d", folder, requirement)
        with tarfile.open(folder / f"{PACKAGE}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    vendored = source / "vendor" / "llama.cpp"
    run("cmake", "-S", vendored, "-B", folder / "build", *CMAKE)
    jobs = str(os.cpu_count() or 1)
    run("cmake", "--build", folder / "build", "--target", "llama-bench", "-j", jobs)
    return binary


def measure_bench(binary: Path, model: Path, threads: int, tokens: int, depth: int) -> float:
    """Tokens per second of one llama-bench run at the given context depth."""
    arguments = f"-p 0 -n {tokens} -d {depth} -t {threads} -fa 0 -r 1 -o json".split()
    done = subprocess.run(
        [str(binary), "-m", str(model), *arguments],
        env=os.environ | {"GOMP_SPINCOUNT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    (result,) = json.loads(done.stdout)
    return float(result["avg_ts"])


def measure_child(client: ModelClient, tokens: int) -> float:
    """Tokens per second of one answer; its first token comes from the prompt's decoding.

    A trained model may end its answer early: then others are drawn until one is long enough.
    """
    for seed in range(200):
        request = GenerateRequest(
            PROMPT, max_tokens=tokens, temperature=1.0 if seed else 0.0, seed=seed
        )
        generation = client.generate(request)
        for _ in generation:
            pass
        stats = generation.stats
        assert stats is not None
        if stats.tokens >= 64:
            return (stats.tokens - 1) / stats.seconds
    raise SystemExit("the model ended its answers too early to be measured")


def main() -> int:
    """Command line; 1 if the ratio is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--threads", type=int, default=default_threads())
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    folder: Path = arguments.build_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    binary = llama_bench(folder)
    model = arguments.model or folder / "qwen3-0.6b-q4_0.gguf"
    if not model.is_file():
        run(sys.executable, ROOT / "benchmarks" / "make_gguf.py", "qwen3-0.6b", model)
    client = ModelClient(lambda state, notice: None)
    client.load(model, LoadOptions(n_ctx=1024, threads=arguments.threads))
    depth = client.count(PROMPT)
    measure_child(client, arguments.tokens)  # warm-up, as llama-bench does
    ours, theirs = [], []
    for number in range(arguments.runs):
        theirs.append(measure_bench(binary, model, arguments.threads, arguments.tokens, depth))
        ours.append(measure_child(client, arguments.tokens))
        print(f"run {number + 1}: child {ours[-1]:.2f}, llama-bench {theirs[-1]:.2f} tokens/s")
    client.close()
    # Each pair met the same machine, whose speed swings by a third within minutes.
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"{model.name}, {arguments.threads} threads, {arguments.tokens} tokens at depth {depth}, "
        f"{platform.machine()}: child {statistics.median(ours):.2f}, "
        f"llama-bench {statistics.median(theirs):.2f}, ratio of pairs {ratio:.3f} (bar {BAR})"
    )
    print(f"best runs: child {max(ours):.2f}, llama-bench {max(theirs):.2f}")
    return 0 if ratio >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())

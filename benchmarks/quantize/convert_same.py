"""Every tensor and every entry of our converted files beside convert_hf_to_gguf.py's.

    python -m benchmarks.quantize.convert_same --llama-cpp LLAMA.CPP --python PYTHON

Small random models of every family both know, with tokenizers of each kind, and the starter model,
in every type. Tensors are compared byte for byte. Entries that differ are printed once for all
models that share them; ACCEPTED says why the known ones do.
"""

import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import Qwen3Config, Qwen3ForCausalLM
from transformers.utils import logging

from benchmarks.quantize.peers import ROOT, parser, run, tools
from quantize.convert import convert
from quantize.task import Task

sys.path[:0] = [str(ROOT / "tests" / "quantize"), str(ROOT / "tests" / "quantize" / "convert")]

from test_convert_experts import GLM4, MIXTURE, QWEN2, QWEN3  # noqa: E402
from test_convert_llama import LINEAR, LLAMA, LLAMA3, MISTRAL, YARN  # noqa: E402
from test_convert_llama import QWEN2 as DENSE_QWEN2  # noqa: E402
from test_convert_splitters import _like_llama3  # noqa: E402
from tiny_models import (  # noqa: E402
    LLAMA3_SPLIT,
    QWEN2_SPLIT,
    edit_json,
    make_other,
    make_pieces,
    make_tokenizer,
)

logging.disable_progress_bar()
TYPES = ("F32", "F16", "BF16", "Q8_0")
GLM_TOKENS = {
    "<|im_start|>": "[gMASK]",
    "<|im_end|>": "<|user|>",
    "<think>": "<|observation|>",
}
STARTER = ROOT / "resources" / "models" / "starter-base"


def llama2(folder: Path) -> None:
    """Pieces as SentencePiece makes them, and a token before every text."""
    make_other(folder, *LLAMA, tie_word_embeddings=False)
    make_pieces(folder)


def llama3(folder: Path) -> None:
    """Divided frequencies, whole words and a token before every text."""
    make_other(folder, *LLAMA, rope_parameters=LLAMA3)
    make_tokenizer(folder, LLAMA3_SPLIT)
    edit_json(folder / "tokenizer.json", _like_llama3)


def glm4(folder: Path) -> None:
    """With the names of GLM's own tokens, which its converter asks for."""
    make_other(folder, *GLM4, use_qk_norm=True, **MIXTURE[GLM4])
    make_tokenizer(folder, LLAMA3_SPLIT)
    for path in (folder / "tokenizer.json", folder / "tokenizer_config.json"):
        text = path.read_text()
        for ours, theirs in GLM_TOKENS.items():
            text = text.replace(ours, theirs)
        path.write_text(text)


def of(kind: tuple[Any, Any], **settings: object) -> Callable[[Path], None]:
    """A model of a kind with a tokenizer like Qwen's."""

    def make(folder: Path) -> None:
        make_other(folder, *kind, **{**MIXTURE.get(kind, {}), **settings})
        make_tokenizer(folder, QWEN2_SPLIT)

    return make


def starter(folder: Path) -> None:
    """The model that comes with Assay."""
    shutil.copytree(STARTER, folder)


# Model → how to make it and the name of its tokenizer's way to split.
MODELS: dict[str, tuple[Callable[[Path], None], str]] = {
    "Llama 2": (llama2, "default"),
    "Llama 3": (llama3, "llama-bpe"),
    "Llama, biases": (of(LLAMA, attention_bias=True, mlp_bias=True), "qwen2"),
    "Llama, linear": (of(LLAMA, rope_parameters=LINEAR), "qwen2"),
    "Mistral": (of(MISTRAL, sliding_window=None), "qwen2"),
    "Mistral 0.1": (of(MISTRAL, sliding_window=64), "qwen2"),
    "Qwen2": (of(DENSE_QWEN2), "qwen2"),
    "Qwen2, YaRN": (of(DENSE_QWEN2, rope_parameters=YARN), "qwen2"),
    "Qwen2-MoE": (of(QWEN2, tie_word_embeddings=False), "qwen2"),
    "Qwen3": (of((Qwen3Config, Qwen3ForCausalLM), head_dim=32), "qwen2"),
    "Qwen3-MoE": (of(QWEN3), "qwen2"),
    "Glm4Moe": (glm4, "glm4"),
    "starter-base": (starter, "qwen2"),
}


def entries(reader: Any) -> dict[str, object]:
    """Key → (types, value) of what a file says about itself."""
    return {
        key: (tuple(kind.name for kind in field.types), field.contents())
        for key, field in reader.fields.items()
        if not key.startswith("GGUF.")
    }


def tensors(reader: Any) -> dict[str, tuple[object, ...]]:
    """Name → (type, shape, bytes)."""
    return {
        one.name: (one.tensor_type.name, tuple(one.shape), one.data.tobytes())
        for one in reader.tensors
    }


def short(value: object) -> str:
    """A value for people."""
    if value is None:
        return "none"
    _kinds, content = value
    text = repr(content)
    return text if len(text) < 60 else f"{text[:50]}… ({len(content)})"


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--types", nargs="+", default=TYPES)
    options.add_argument("--models", nargs="+", default=MODELS)
    options = options.parse_args()
    peer = tools(options)
    work = options.work or Path(tempfile.mkdtemp(prefix="assay-"))
    differences = defaultdict(list)
    for name in options.models:
        make, pre = MODELS[name]
        folder = work / re.sub(r"\W+", "-", name)
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)
        more = ["--no-mtp"] if name.startswith("Glm") else []
        for kind in options.types:
            ours, theirs = work / "ours.gguf", work / "theirs.gguf"
            convert(folder, ours, kind, Task(lambda *_: None))
            run(peer.convert(folder, theirs, kind, pre, *more))
            a, b = peer.read(ours), peer.read(theirs)
            x, y = tensors(a), tensors(b)
            same = sum(x.get(k) == y.get(k) for k in x.keys() | y.keys())
            print(f"| {name} | {kind} | {same} of {len(x.keys() | y.keys())} |", flush=True)
            for k in sorted(x.keys() | y.keys()):
                if x.get(k) != y.get(k):
                    print("   ", k, (x.get(k) or (None,))[:2], (y.get(k) or (None,))[:2])
            e, f = entries(a), entries(b)
            for k in sorted(e.keys() | f.keys()):
                if e.get(k) != f.get(k):
                    k2 = (
                        re.sub(r"^[a-z0-9]+\.(?!ggml)", "ARCH.", k)
                        if not k.startswith(("general", "tokenizer"))
                        else k
                    )
                    differences[k2, short(e.get(k)), short(f.get(k))].append(f"{name} {kind}")
    for (key, o, t), where in sorted(differences.items()):
        print(f"{key}: ours {o}, theirs {t}: {', '.join(where)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

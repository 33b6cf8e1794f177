"""Every tensor and every entry of our converted files beside convert_hf_to_gguf.py's.

    python -m benchmarks.quantize.convert_same --llama-cpp LLAMA.CPP

Small random models of every family both know, with tokenizers of each kind, and the starter model,
in every type. Tensors are compared byte for byte. What differs is printed once for all models that
share it, ours first; ACCEPTED says why the known differences are there. It knows no tokenizer made
for this, so it is told what splits their texts (peer_convert.py).
"""

import json
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from transformers import Qwen3Config, Qwen3ForCausalLM
from transformers.utils import logging

from benchmarks.quantize.peers import ROOT, parser, run, tools
from quantize.convert import convert
from quantize.convert.pieces import NORMAL, USER_DEFINED, piece_types, scores
from quantize.convert.tokenizer import CONTROL
from quantize.task import Task

sys.path[:0] = [str(ROOT / "tests" / "quantize"), str(ROOT / "tests" / "quantize" / "convert")]

from test_convert_card import CARD  # noqa: E402
from test_convert_experts import GLM4, MIXTURE, QWEN2, QWEN3  # noqa: E402
from test_convert_gemma import GEMMA2, GEMMA3, OF_GEMMA2, OF_GEMMA3  # noqa: E402
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
ROLES = ("bos", "eos", "pad")
# What may differ, and why (docs/quantize.md says the same to people).
ACCEPTED = {
    r"general\.(name|basename|version|size_label)": "guessed from the folder's name and weights",
    r"\w+\.attention\.(key|value)_length": "ours always says it",
    r"\w+\.context_length": "ours is the window of a model whose window llama.cpp ignores",
    r"gemma2\.rope\.freq_base": "theirs leaves it out, so that llama.cpp takes 10,000",
    r"tokenizer\.ggml\.add_(bos|eos|sep)_token": "ours says what llama.cpp might assume otherwise",
    r"tokenizer\.ggml\.add_space_prefix": "ours says what llama.cpp assumes",
    r"tokenizer\.ggml\.(bos|eot)_token_id": "ours says it where the tokenizer only has the token",
    r"tokenizer\.ggml\.unknown_token_id": "ours is tokenizer.json's",
    r"tokenizer\.ggml\.token_type": "theirs goes by looks, ours by tokenizer.json",
    r"tokenizer\.ggml\.scores": "theirs has none without tokenizer.model",
    r"rope_freqs\.weight": "ours is computed in double precision",
}
END = "<|endoftext|>"
GLM_TOKENS = {
    "<|im_start|>": "[gMASK]",
    "<|im_end|>": "<|user|>",
    "<think>": "<|observation|>",
}
STARTER = ROOT / "resources" / "models" / "starter-base"


def unnamed(folder: Path) -> None:
    """Without the ids of special tokens that random models have and their tokenizers do not."""
    for name in ("config.json", "generation_config.json"):
        edit_json(folder / name, lambda it: [it.pop(f"{role}_token_id", 0) for role in ROLES])


def llama2(folder: Path) -> None:
    """Pieces as SentencePiece makes them, and a token before every text."""
    make_pieces(folder)
    size = len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    make_other(folder, *LLAMA, tie_word_embeddings=False, vocab_size=size)


def llama3(folder: Path) -> None:
    """Divided frequencies, whole words and a token before every text."""
    make_other(folder, *LLAMA, rope_parameters=LLAMA3)
    make_tokenizer(folder, LLAMA3_SPLIT)
    edit_json(folder / "tokenizer.json", _like_llama3)
    unnamed(folder)


def glm4(folder: Path) -> None:
    """With the names of GLM's own tokens, which its converter asks for."""
    make_other(folder, *GLM4, use_qk_norm=True, **MIXTURE[GLM4])
    make_tokenizer(folder, LLAMA3_SPLIT)
    for path in (folder / "tokenizer.json", folder / "tokenizer_config.json"):
        text = path.read_text()
        for ours, theirs in GLM_TOKENS.items():
            text = text.replace(ours, theirs)
        path.write_text(text)
    added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    number = {one["content"]: one["id"] for one in added}
    ends = [number[word] for word in (END, "<|user|>", "<|observation|>")]
    edit_json(folder / "tokenizer_config.json", lambda it: it.update({"eos_token": END}))
    for name in ("config.json", "generation_config.json"):
        edit_json(folder / name, lambda it: it.update(eos_token_id=ends))


def of(kind: tuple[Any, Any], **settings: object) -> Callable[[Path], None]:
    """A model of a kind with a tokenizer like Qwen's."""

    def make(folder: Path) -> None:
        make_other(folder, *kind, **{**MIXTURE.get(kind, {}), **settings})
        make_tokenizer(folder, QWEN2_SPLIT)
        unnamed(folder)

    return make


def with_card(folder: Path) -> None:
    """With a README.md that says all that one can."""
    of((Qwen3Config, Qwen3ForCausalLM), head_dim=32)(folder)
    (folder / "README.md").write_text(CARD)


def gemma(kind: tuple[Any, Any], **settings: object) -> Callable[[Path], None]:
    """With the tokenizer.model that theirs wants beside the tokenizer.json."""

    def make(folder: Path) -> None:
        make_pieces(folder, gemma=True)
        content = json.loads((folder / "tokenizer.json").read_text())
        words = tuple(content["model"]["vocab"])
        roles = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
        make_other(folder, *kind, **{**roles, **settings, "vocab_size": len(words)})
        merges = tuple(" ".join(pair) for pair in content["model"]["merges"])
        types = [CONTROL] * 3 + [NORMAL] * (len(words) - 3)
        for added in content["added_tokens"][3:]:
            types[added["id"]] = USER_DEFINED
        ranks = scores(words, merges)
        marked = zip(words, piece_types(words, tuple(types), "<unk>"), types, ranks, strict=True)
        from sentencepiece import sentencepiece_model_pb2  # noqa: PLC0415 (the peer needs it, too)

        model = sentencepiece_model_pb2.ModelProto()
        model.trainer_spec.model_type = model.trainer_spec.BPE
        model.trainer_spec.byte_fallback = True
        for word, known, given, rank in marked:
            spaced = known != given and known == NORMAL  # theirs puts "▁" there
            model.pieces.add(piece=word, type=given if spaced else known, score=rank)
        (folder / "tokenizer.model").write_bytes(model.SerializeToString())

    return make


def starter(folder: Path) -> None:
    """The model that comes with Assay, without what only ours reads."""
    shutil.copytree(STARTER, folder, ignore=shutil.ignore_patterns("assay.json"))


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
    "Qwen3, a card": (with_card, "qwen2"),
    "Qwen3-MoE": (of(QWEN3), "qwen2"),
    "Glm4Moe": (glm4, "glm4"),
    "Gemma 2": (gemma(GEMMA2, **OF_GEMMA2), "default"),
    "Gemma 3": (gemma(GEMMA3, **OF_GEMMA3, num_hidden_layers=6), "default"),
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
    if not isinstance(value, tuple):
        return "none"
    text = repr(value[1])
    return text if len(text) < 60 else f"{text[:50]}…"


def compared(ours: dict[str, object], theirs: dict[str, object]) -> Iterator[str]:
    """Names of what differs."""
    return (name for name in sorted(ours | theirs) if ours.get(name) != theirs.get(name))


def main() -> int:
    """Command line; 1 if anything differs without a reason."""
    options = parser(__doc__)
    options.add_argument("--types", nargs="+", default=TYPES)
    options.add_argument("--models", nargs="+", default=MODELS)
    given = options.parse_args()
    peer, task = tools(given), Task(lambda _fraction, _text: None)
    work = given.work or Path(tempfile.mkdtemp(prefix="assay-"))
    work.mkdir(parents=True, exist_ok=True)
    ours, theirs = work / "ours.gguf", work / "theirs.gguf"
    differences: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    print("| Model | Type | Same tensors | Same entries |\n|---|---|---|---|")
    for name, kind in product(given.models, given.types):
        make, pre = MODELS[name]
        folder = work / re.sub(r"\W+", "-", name)
        shutil.rmtree(folder, ignore_errors=True)
        make(folder)
        convert(folder, ours, kind, task)
        more = ["--no-mtp"] if name.startswith("Glm") else []
        run(peer.convert(folder, theirs, kind, pre, *more))
        both = [peer.read(path) for path in (ours, theirs)]
        counts = []
        for read in (tensors, entries):
            left, right = (read(reader) for reader in both)
            unlike = list(compared(left, right))
            names = left.keys() | right.keys()
            counts.append(f"{len(names) - len(unlike)} of {len(names)}")
            for key in unlike:
                values = short(left.get(key)), short(right.get(key))
                differences[key, *values].append(f"{name} {kind}")
        print(f"| {name} | {kind} | {' | '.join(counts)} |", flush=True)
    unknown = 0
    for (key, mine, other), where in sorted(differences.items()):
        why = next(
            (why for known, why in ACCEPTED.items() if re.fullmatch(known, key)), "NOT KNOWN"
        )
        unknown += why == "NOT KNOWN"
        print(f"{key}: {mine} / {other} ({why}): {', '.join(where)}")
    return int(unknown > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Is a real vocabulary of Gemma's converted? llama.cpp's copy of Gemma 4's, as a tokenizer.json.

    python -m benchmarks.quantize.gemma_vocabulary --llama-cpp LLAMA.CPP

Runs of blanks and HTML tags are added tokens, as in Gemma 2's and 3's. One word is renamed by which
llama.cpp would know Gemma 4 and take "</s>" for an ordinary word.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.quantize.peers import parser, tools
from quantize.convert import _verify
from quantize.convert.config import Config
from quantize.convert.tokenizer import CONTROL, describe_tokenizer
from quantize.task import Task
from quantize.writer import text

OF_GEMMA4, TAGS, USER_DEFINED = "<|tool_response>", range(168, 230), 4
ROLES = {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
PLAIN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
BACK = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
SPLIT = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"}
START = {"SpecialToken": {"id": "<bos>", "type_id": 0}}
TEXT, SECOND = ({"Sequence": {"id": name, "type_id": at}} for at, name in enumerate("AB"))


def main() -> int:
    """Command line."""
    peer = tools(parser(__doc__).parse_args())
    fields = peer.read(peer.source / "models" / "ggml-vocab-gemma-4.gguf").fields
    words, types, merges = (
        fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "token_type", "merges")
    )
    words = ["<unused>" if word == OF_GEMMA4 else word for word in words]
    added = [
        {"id": at, "content": word, "special": kind == CONTROL, **PLAIN}
        for at, (word, kind) in enumerate(zip(words, types, strict=True))
        if kind in (CONTROL, USER_DEFINED)
        or at in TAGS
        or (len(word) > 1 and set(word) in ({"▁"}, {"\n"}))
    ]
    content = {
        "added_tokens": added,
        "normalizer": REPLACE,
        "pre_tokenizer": {**SPLIT, "invert": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [START, TEXT],
            "pair": [START, TEXT, SECOND],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [BACK, {"type": "ByteFallback"}, {"type": "Fuse"}],
        },
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {word: number for number, word in enumerate(words)},
            "merges": [merge.split(" ", 1) for merge in merges],
        },
    }
    config, nothing = Config({"vocab_size": len(words), **ROLES}), Config({})
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False))
        begun = time.monotonic()
        metadata = describe_tokenizer(Path(folder), config, nothing, nothing)
        metadata = {"general.architecture": text("gemma3"), **metadata}
        agreed, misread = _verify(Path(folder), metadata, Task(lambda _fraction, _text: None))
    print(f"{len(words):,} words, {len(merges):,} merges, {len(added)} added tokens")
    print(f"{agreed:,} tokens agree, {misread} words misread: {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

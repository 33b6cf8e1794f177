"""llama.cpp's convert_hf_to_gguf.py, told the pre-tokenizer's name where it does not know it.

    python benchmarks/quantize/peer_convert.py LLAMA_CPP PRE [its own arguments]

It recognises a tokenizer by the hash of a text's tokens, in a list of published models; one made
for a benchmark is never there. Nothing else of it is changed.
"""

import runpy
import sys
from pathlib import Path
from typing import Any

source, pre = Path(sys.argv[1]), sys.argv[2]
sys.path[:1] = [str(source), str(source / "gguf-py")]

from conversion.base import TextModel  # noqa: E402 (of the folder that was given)

recognise = TextModel.get_vocab_base_pre


def named(self: Any, tokenizer: Any) -> str:
    """What the list says, or the name that was given."""
    try:
        return str(recognise(self, tokenizer))
    except NotImplementedError:
        return pre


TextModel.get_vocab_base_pre = named
sys.argv = ["convert_hf_to_gguf.py", *sys.argv[3:]]
runpy.run_path(str(source / "convert_hf_to_gguf.py"), run_name="__main__")

"""The finished starter model, which is shipped as GGUF only, as a folder to train on."""

import shutil
from pathlib import Path

import numpy as np
import torch

from benchmarks.training.programs import ROOT
from engine.model.gguf.header import TensorInfo, read_header
from training.models.blocks import LAYOUTS
from training.models.loading import TOKENIZER_FILES, load
from training.models.rounding import model_name

MODELS = ROOT / "resources" / "models"


def unpack(target: Path) -> None:
    """Write the model of starter.gguf with the tokenizer of starter-base, in fp32."""
    file, base = MODELS / "starter.gguf", MODELS / "starter-base"
    tensors = {model_name(one.name): _values(file, one) for one in read_header(file).tensors}
    model = load(base)
    odd = model.load_state_dict(tensors, strict=False)
    if odd.unexpected_keys or set(odd.missing_keys) - {"lm_head.weight"}:
        raise ValueError(f"{file.name} and {base.name} are not of one architecture: {odd}")
    model.save_pretrained(target)
    for name in TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, target / name)


def _values(file: Path, one: TensorInfo) -> torch.Tensor:
    """The numbers of a tensor, F32 or quantized."""
    data = np.fromfile(file, np.uint8, one.size, offset=one.offset)
    if one.type.name == "F32":
        values = data.view("<f4")
    else:
        layout = LAYOUTS[one.type.name]
        values = layout.values(layout.blocks(data))
    return torch.from_numpy(values.reshape(one.shape[::-1]))

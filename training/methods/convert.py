"""Convert a MiniMind checkpoint (.pth) to a model folder, or a model folder to a checkpoint."""

from dataclasses import dataclass
from pathlib import Path

from training.methods.common import Options
from training.models.minimind import to_checkpoint, to_folder


@dataclass(frozen=True)
class Config:
    """source: NAME.pth or a model folder; out: the other; tokenizer: folder with its files."""

    source: str
    out: str
    tokenizer: str = ""


def run(config: Config, options: Options) -> bool:
    """Convert in the direction that the source's name says."""
    source, out = Path(config.source), Path(config.out)
    if source.suffix == ".pth":
        to_folder(source, out, Path(config.tokenizer) if config.tokenizer else None)
    elif out.suffix == ".pth":
        arguments = to_checkpoint(source, out)
        written = ", ".join(f"{name}={value}" for name, value in arguments.items())
        print(f"MiniMind loads it with MiniMindConfig({written})")
    else:
        raise ValueError("One of source and out must be a MiniMind checkpoint, NAME.pth.")
    print(f"Wrote {out}")
    return True

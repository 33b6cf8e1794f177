"""Convert a MiniMind checkpoint (.pth) to a model folder, or a model folder to a checkpoint."""

from dataclasses import dataclass
from pathlib import Path

from training.methods.common import Options
from training.models.minimind import to_checkpoint, to_folder


@dataclass(frozen=True)
class Config:
    """source: NAME.pth or a model folder; out: the other; tokenizer: folder with its files.

    rope_theta: base of the rotary positions of NAME.pth, which holds weights only; 0 = as
    NAME.pth.json beside it says, else MiniMind's 1,000,000.
    """

    source: str
    out: str
    tokenizer: str = ""
    rope_theta: float = 0.0

    def __post_init__(self) -> None:
        if self.rope_theta < 0:
            raise ValueError("rope_theta must be above 0.")


def run(config: Config, options: Options) -> bool:
    """Convert in the direction that the source's name says."""
    source, out = Path(config.source), Path(config.out)
    if source.suffix == ".pth":
        tokenizer = Path(config.tokenizer) if config.tokenizer else None
        theta = to_folder(source, out, tokenizer, config.rope_theta)
        print(f"{source} holds weights only; rope_theta is taken to be {theta:,.0f}.")
        if tokenizer is None:
            print(f"{out} has no tokenizer; --tokenizer FOLDER copies MiniMind's.")
    elif out.suffix == ".pth":
        arguments = to_checkpoint(source, out)
        written = ", ".join(f"{name}={value}" for name, value in arguments.items())
        print(f"MiniMind loads it with MiniMindConfig({written})")
    else:
        raise ValueError("One of source and out must be a MiniMind checkpoint, NAME.pth.")
    print(f"Wrote {out}")
    return True

"""The settings every training run has; the fields are the keys of [loop] in a recipe."""

from dataclasses import dataclass
from math import inf

OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True)
class LoopConfig:
    """How long, how large a step, which optimizer, what is kept."""

    steps: int = 0  # optimizer steps; 0 = by epochs
    epochs: float = 1.0  # times the data is seen
    minutes: float = 0.0  # the learning rate falls so that the run ends by then; 0 = no limit
    rows: int = 8  # sequences per forward pass
    accumulate: int = 1  # forward passes per step
    optimizer: str = "adamw"  # or "muon": matrices of the layers by Muon, the rest by AdamW
    learning_rate: float = 1e-3  # its highest value
    weight_decay: float = 0.0  # share of a weight lost per step, times the learning rate
    warmup: float = 0.02  # share of the run in which the learning rate rises
    decay: float = 0.2  # last share of the run in which it falls to zero
    clip: float = 1.0  # largest norm of the gradient
    mixed: bool = True  # bf16 matrix products; the trained weights stay fp32
    compile: bool = False  # pays after some ten minutes; needs a C++ compiler
    checkpointing: bool = False  # compute activations twice, keep one per layer
    shard: bool = False  # spread weights and optimizer over the processes (FSDP2)
    threads: int = 0  # 0 = one per core
    seed: int = 1  # of order, dropout and samples
    log_steps: int = 10  # steps between two lines of the log
    evaluate_steps: int = 0  # 0 = at the end only
    patience: int = 0  # evaluations without a better one before the run ends; 0 = never
    save_minutes: float = 5.0  # minutes between two checkpoints
    keep: int = 2  # checkpoints
    trackers: tuple[str, ...] = ()  # modules with wandb's interface: "wandb", "swanlab", "trackio"

    def __post_init__(self) -> None:
        if min(self.rows, self.accumulate, self.log_steps, self.keep) < 1:
            raise ValueError("rows, accumulate, log_steps and keep must be at least 1.")
        if not (self.steps >= 0 and 0 < self.epochs < inf and 0 <= self.minutes < inf):
            raise ValueError("steps and minutes must be at least 0, and epochs above 0.")
        if not (0 < self.learning_rate < inf and self.clip > 0):
            raise ValueError("learning_rate and clip must be above 0, and learning_rate finite.")
        if self.threads < 0:
            raise ValueError("threads must be at least 1, or 0 for one per core.")
        if not (0 <= self.warmup <= 1 and 0 <= self.decay <= 1):
            raise ValueError("warmup and decay are shares of the run, from 0 to 1.")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}.")
        if self.patience and not self.evaluate_steps:
            raise ValueError("patience counts evaluations; set evaluate_steps too.")

"""Two real processes, started by torchrun, must train the same model as one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from training import checkpoint

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from training import distributed
from training.architectures import Shape, build
from training.data.mixing import Mixture
from training.loop import TrainConfig, train

distributed.join()
model = build(Shape(256, 1, 256, 4, 2, context=64), 300, seed=1)
stream = Mixture([np.arange(900, dtype=np.uint16) % 300], [1.0], length=16, seed=1)
config = TrainConfig(total_tokens=4 * 64, rows=2, accumulate=2, learning_rate=1e-3, threads=1)
assert train(model, stream, config, Path(sys.argv[1]))
assert distributed.total(1.0) == distributed.world()
distributed.leave()
"""


def test_two_processes_train_like_one(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for command, folder in (([sys.executable], "one"), (torchrun, "two")):
        subprocess.run(
            [*command, str(script), str(tmp_path / folder)],
            check=True,
            env=environment,
            timeout=150,
        )
    one, two = (
        checkpoint.load_weights(max(checkpoint.finished(tmp_path / folder))).state_dict()
        for folder in ("one", "two")
    )
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=0, atol=1e-3)

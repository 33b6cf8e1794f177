"""Memory that distilling from a teacher's distributions takes beyond instruction tuning.

    python -m benchmarks.training.divergence_memory --python PYTHON

PYTHON: an interpreter with trl 1.16, for its GKD. Each loss with its backward pass runs in its own
process, from hidden states of width 512 to gradients in fp32; hidden states and output matrices of
student and teacher exist before. KD and DPCD hold the cross entropy as well, GKD only the reverse
KL. A chunk is the logits that cross entropy holds at a time.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from training.objectives.cross_entropy import ROWS, chunked_cross_entropy
from training.objectives.divergence import WholeTeacher, chunked_divergence
from training.objectives.dpcd import coherence, quality_loss
from training.objectives.log_probs import chunked_log_probs

BAR = 3.0
TOKENS, WIDTH = 2048, 512
VOCABULARIES = (32_000, 8_192)


def make(vocabulary: int, tokens: int) -> dict[str, Tensor]:
    """Hidden states, output matrices, targets and weights."""
    generator = torch.Generator().manual_seed(1)
    sizes = {"hidden": tokens, "head": vocabulary, "teacher": tokens, "teacher_head": vocabulary}
    made = {
        name: torch.randn(rows, WIDTH, generator=generator) / WIDTH**0.5
        for name, rows in sizes.items()
    }
    for name in ("hidden", "head"):
        made[name].requires_grad_()
    made["targets"] = torch.randint(vocabulary, (tokens,), generator=generator)
    made["weights"] = torch.ones(tokens)
    return made


def sft(given: dict[str, Tensor]) -> Tensor:
    """Cross entropy."""
    names = ("hidden", "head", "targets", "weights")
    return chunked_cross_entropy(*(given[name] for name in names))


def kd(given: dict[str, Tensor]) -> Tensor:
    """Cross entropy and the reverse KL."""
    teacher = WholeTeacher(given["teacher"], given["teacher_head"])
    return sft(given) + chunked_divergence(
        given["hidden"], given["head"], teacher, given["weights"], beta=1.0
    )


def dpcd(given: dict[str, Tensor]) -> Tensor:
    """Cross entropy, the reverse KL and the quality of chains of 16 tokens a step."""
    divergence = kd(given)
    log_probs, _ = chunked_log_probs(given["hidden"], given["head"], given["targets"])
    steps = (torch.arange(len(log_probs)) // 16 + 1)[None]
    return divergence + 0.2 * quality_loss(coherence(log_probs[None], steps), tau=0.85).sum()


def gkd(given: dict[str, Tensor]) -> Tensor:
    """TRL's reverse KL of full logits, as its GKDTrainer computes it."""
    from trl.experimental.gkd import GKDTrainer  # noqa: PLC0415  (the peer's interpreter only)

    student = given["hidden"] @ given["head"].T
    with torch.no_grad():
        teacher = given["teacher"] @ given["teacher_head"].T
    loss: Tensor = GKDTrainer.generalized_jsd_loss(student, teacher, beta=1.0)
    return loss


CASES: dict[str, Callable[[dict[str, Tensor]], Tensor]] = {
    "SFT": sft,
    "KD": kd,
    "DPCD": dpcd,
    "GKD": gkd,
}


def run(case: str, vocabulary: int) -> int:
    """Peak bytes of a loss with its backward pass beyond what was there before."""
    CASES[case](make(vocabulary, 8)).backward()  # threads, code and small buffers are there
    given = make(vocabulary, TOKENS)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back
    CASES[case](given).backward()
    return _resident("VmHWM") - before


def _resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def measured(python: Path | str, case: str, vocabulary: int) -> float:
    """The same in a process of its own, in MB; freed memory is given back at once there."""
    program = [python, "-m", "benchmarks.training.divergence_memory", "--python", "-"]
    arguments = ["--case", case, "--vocabulary", str(vocabulary)]
    done = subprocess.run(
        [*program, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "TRL_EXPERIMENTAL_SILENCE": "1"},
    )
    return int(done.stdout.split()[-1]) / 1e6


def main() -> None:
    """Print the peaks, what they are beyond the cross entropy's, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--case", choices=sorted(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--vocabulary", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(run(options.case, options.vocabulary))
        return
    for vocabulary in VOCABULARIES:
        chunk = ROWS * vocabulary * 4 / 1e6
        peaks = {
            case: measured(options.python if case == "GKD" else sys.executable, case, vocabulary)
            for case in CASES
        }
        extra = {case: peak - peaks["SFT"] for case, peak in peaks.items()}
        print(f"vocabulary {vocabulary:,}; a chunk is {chunk:.0f} MB; SFT {peaks['SFT']:.0f} MB")
        for case in ("KD", "DPCD", "GKD"):
            ratio = f"; GKD takes {extra['GKD'] / extra[case]:.1f} ×" if extra[case] > 0 else ""
            print(
                f"  {case:4} {peaks[case]:5.0f} MB, {extra[case]:.0f} beyond SFT: "
                f"{extra[case] / chunk:.2f} chunks{ratio}"
            )
    print(f"bars: 1 chunk, {BAR} ×")


if __name__ == "__main__":
    main()

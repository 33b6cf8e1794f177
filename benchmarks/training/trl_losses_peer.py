"""TRL's side of trl_losses.py, run by the interpreter that has TRL.

TRL keeps its losses inside trainers. Here those methods run on an object that has only the
settings they read, and on per-token log-probabilities that are given instead of computed.
"""

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from trl import DPOTrainer, GRPOTrainer

from benchmarks.training import trl_losses as ours

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # experimental parts say so on import
    from trl.experimental.gkd import GKDTrainer

Given = Mapping[str, Tensor]


def trainer(**settings: Any) -> SimpleNamespace:
    """What stands for a trainer in evaluation on one process."""
    accelerator = SimpleNamespace(
        device=torch.device("cpu"),
        num_processes=1,
        gather=lambda tensor: tensor,
        gather_for_metrics=lambda tensor: tensor,
        reduce=lambda tensor, reduction: tensor,
    )
    return SimpleNamespace(
        accelerator=accelerator,
        model=SimpleNamespace(training=False),
        aux_loss_enabled=False,
        _metrics=defaultdict(lambda: defaultdict(list)),
        **settings,
    )


def dpo(given: Given, ld_alpha: float | None) -> Tensor:
    """The mean loss of the pairs; the chosen answers are the first half of the rows."""
    log_probs, mask = given["log_probs"], given["mask"]
    outputs = SimpleNamespace(
        log_probs=log_probs * mask,
        entropy=torch.zeros_like(mask),
        mean_logits=torch.zeros_like(mask),
        is_top1=mask > 0,
    )
    settings = trainer(
        ld_alpha=ld_alpha,
        precompute_ref_logps=True,
        f_divergence_type="reverse_kl",
        loss_types=["sigmoid"],
        loss_weights=[1.0],
        beta=ours.DPO_BETA,
        use_weighting=False,
        _total_train_tokens=0,
    )
    prompt = torch.zeros(len(mask), 1, dtype=torch.int64)
    whole = torch.cat([prompt, mask.long()], dim=1)
    chosen, rejected = given["reference_sums"].chunk(2)
    inputs = {
        "input_ids": torch.zeros_like(whole),
        "attention_mask": torch.ones_like(whole),
        "completion_mask": whole,
        "ref_chosen_logps": chosen,
        "ref_rejected_logps": rejected,
    }
    loss: Tensor = DPOTrainer._compute_loss(settings, lambda **_: outputs, inputs, False)
    return loss


def policy(given: Given, kind: str, low: float, high: float) -> Tensor:
    """A loss of the GRPO family with the KL term."""
    log_probs, mask = given["log_probs"], given["mask"]
    settings = trainer(
        _get_per_token_logps_and_entropies=lambda *_, **__: (
            log_probs,
            torch.zeros_like(mask),
            None,
        ),
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        importance_sampling_level="token",
        beta=ours.BETA,
        loss_type=kind,
        epsilon_low=low,
        epsilon_high=high,
        use_vllm=False,
        max_completion_length=ours.LONGEST,
        _entropy_bonus_enabled=False,
        args=SimpleNamespace(use_bias_correction_kl=False, delta=None),
    )
    ids = torch.zeros(mask.shape, dtype=torch.int64)
    inputs = {
        "prompt_ids": ids[:, :1],
        "prompt_mask": ids[:, :1],
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": given["advantages"],
        "old_per_token_logps": given["old"],
        "ref_per_token_logps": given["reference"],
        "num_items_in_batch": mask.sum(),
    }
    loss: Tensor = GRPOTrainer._compute_loss(settings, None, inputs)
    return loss


def divergence(given: Given, beta: float) -> Tensor:
    """The sum over tokens, of full logits."""
    student = given["hidden"] @ given["head"].T
    teacher = given["teacher_hidden"] @ given["teacher_head"].T
    loss: Tensor = GKDTrainer.generalized_jsd_loss(student, teacher, beta=beta, reduction="sum")
    return loss


LOSSES: dict[str, Callable[[Given], Tensor]] = {
    "DPO": lambda given: dpo(given, None),
    "LD-DPO": lambda given: dpo(given, ours.ALPHA),
    "GRPO": lambda given: policy(given, "grpo", ours.LOW, ours.LOW),
    "Dr. GRPO": lambda given: policy(given, "dr_grpo", ours.LOW, ours.LOW),
    "DAPO": lambda given: policy(given, "dapo", ours.LOW, ours.HIGH),
    "CISPO": lambda given: policy(given, "cispo", ours.LOW, 1 + ours.HIGH),
    "forward KL": lambda given: divergence(given, 0.0),
    "reverse KL": lambda given: divergence(given, 1.0),
    "JSD": lambda given: divergence(given, ours.JSD_BETA),
}


if __name__ == "__main__":
    torch.save(ours.evaluated(LOSSES, ours.tensors()), Path(sys.argv[1]))

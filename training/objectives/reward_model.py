"""The loss of a reward model."""

from torch import Tensor
from torch.nn.functional import logsigmoid


def bradley_terry_loss(chosen: Tensor, rejected: Tensor, centre: float = 0.0) -> Tensor:
    """-log σ(chosen - rejected) + c (chosen + rejected)², one loss per pair.

    chosen, rejected: [pairs] rewards of the two answers. The first term is the negative
    log-likelihood of the choice (Bradley and Terry, 1952; arXiv 2203.02155); it leaves the
    rewards' zero open, and the second, with a small c such as 0.01, puts it between the two
    (Eisenstein et al., arXiv 2312.09244).
    """
    return -logsigmoid(chosen - rejected) + centre * (chosen + rejected) ** 2

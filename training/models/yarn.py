"""YaRN: a model reads texts longer than those it was trained on (arXiv 2309.00071)."""

from typing import Any


def stretched(config: Any, factor: float) -> dict[str, Any]:
    """Settings with which a model reads factor times its context; none for a factor of 1.

    Slow rotations of the position code are divided by the factor, fast ones stay, and attention is
    scaled by 0.1 ln(factor) + 1. It helps at once and more so after some training on long texts.
    """
    if factor < 1:
        raise ValueError("yarn, the factor on the context, must be at least 1.")
    if factor == 1:
        return {}
    rope = config.rope_parameters
    trained = rope.get("original_max_position_embeddings", config.max_position_embeddings)
    return {
        "rope_parameters": {
            "rope_type": "yarn",
            "rope_theta": rope["rope_theta"],
            "factor": factor,
            "original_max_position_embeddings": trained,
        },
        "max_position_embeddings": int(factor * trained),
    }

"""Learning-rate factor over a run: linear warm-up, a constant phase, linear decay to zero (WSD).

A run that ends its constant phase can be extended: nothing before the decay depends on its length.
"""


def progress(tokens: int, total_tokens: int, seconds: float, minutes: float) -> float:
    """Share of the run that is done, by tokens or by time, whichever is further.

    minutes: time budget of the whole run; 0 means that only tokens count.
    """
    by_time = seconds / (60 * minutes) if minutes > 0 else 0.0
    return min(1.0, max(tokens / total_tokens, by_time))


def rate_factor(done: float, tokens: int, warmup_tokens: int, decay_share: float) -> float:
    """Factor in [0, 1] on the peak learning rate when the share `done` of the run is over.

    warmup_tokens: tokens of the linear rise; decay_share: last share of the run that decays.
    """
    rise = min(1.0, tokens / warmup_tokens) if warmup_tokens > 0 else 1.0
    fall = min(1.0, (1.0 - done) / decay_share) if decay_share > 0 else 1.0
    return rise * fall


def decaying(done: float, decay_share: float) -> bool:
    """True in the last phase."""
    return decay_share > 0 and done > 1.0 - decay_share

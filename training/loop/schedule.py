"""Learning-rate factor over a run: linear warm-up, a constant phase, linear decay to zero (WSD).

Nothing before the decay depends on the length of the run, so a run can be made longer.
"""


def rate_factor(done: float, share: float, warmup: float, decay: float) -> float:
    """Factor in (0, 1] on the peak learning rate.

    done: share of the run before this step; share: what this step adds; warmup, decay: shares of
    the run. The first step of a rise is above 0 and the last of a fall as well.
    """
    rise = min(1.0, (done + share) / warmup) if warmup > 0 else 1.0
    fall = min(1.0, (1.0 - done) / decay) if decay > 0 else 1.0
    return rise * fall


def share_done(step: int, steps: int, seconds: float, minutes: float) -> float:
    """Share of the run that is over, by steps or by time, whichever is further.

    minutes: time budget of the whole run; 0 = only steps count.
    """
    by_time = seconds / (60 * minutes) if minutes > 0 else 0.0
    return min(1.0, max(step / steps, by_time))


def share_of_step(step: int, steps: int, seconds: float, minutes: float) -> float:
    """Share of the run that the next step takes, as share_done() counts, at the pace so far."""
    pace = seconds / step if step else 0.0
    return max(share_done(1, steps, 0.0, 0.0), share_done(0, steps, pace, minutes))

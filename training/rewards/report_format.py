"""Is the answer a report: summary, analysis, recommendation and risk warning, in this order?"""

import re

from training.rewards.sample import Sample

SECTIONS = ("summary", "analysis", "recommendation", "risk warning")
_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]*|\d[.)][ \t]*)?(?:\*\*)?"
    r"(summary|analysis|recommendation|risk warning)s?[ \t]*(?::|\*\*|$)[*: \t]*",
    re.IGNORECASE | re.MULTILINE,
)


def report_format(sample: Sample) -> float:
    """0 to 1: 0.2 for each section that stands there once and is not empty, 0.2 for the order.

    A section begins with its name as a heading: "## Summary", "**Summary**" or "Summary:".
    """
    parts = _HEADING.split(sample.answer)[1:]
    names = [name.lower() for name in parts[::2]]
    bodies = dict(zip(names, parts[1::2], strict=True))
    good = [n for n in SECTIONS if names.count(n) == 1 and re.search(r"\w", bodies[n])]
    ordered = tuple(names) == SECTIONS and len(good) == len(SECTIONS)
    return (len(good) + ordered) / 5

"""Are the figures right that can be worked out again from the answer and the facts?"""

import re
from collections.abc import Iterator
from decimal import Decimal

from training.rewards.sample import Sample

_NUMBER = r"[-−]?[$€£]?\d[\d,]*(?:\.\d+)?"
_SIGN = r"\s*[-+*/×÷−]\s*"
_SUM = re.compile(rf"({_NUMBER})((?:{_SIGN}{_NUMBER})+)\s*=\s*({_NUMBER})")
_STEP = re.compile(rf"({_SIGN})({_NUMBER})")
_PERCENT = re.compile(rf"({_NUMBER})\s*%\s+of\s+({_NUMBER})\s+(?:is|are|=|makes)\s+({_NUMBER})")


def arithmetic(sample: Sample) -> float:
    """0 to 1: share of the checkable figures that are right; 0 if there is none.

    Checked: "a + b = c" with + - * / and their precedence; "p % of a is b"; "label: n" and
    "label is n" for each label in facts["figures"], {label: number}; one that is not mentioned is
    wrong. A figure is right if it is the true one rounded to the places shown.
    """
    results = list(_checks(sample.answer, sample.facts.get("figures", {})))
    return sum(results) / len(results) if results else 0.0


def _checks(text: str, figures: dict[str, float | str]) -> Iterator[bool]:
    for first, steps, result in _SUM.findall(text):
        yield _is_rounded(result, _value(first, steps))
    for percent, whole, part in _PERCENT.findall(text):
        yield _is_rounded(part, _decimal(percent) * _decimal(whole) / 100)
    for label, true in figures.items():
        shown = rf"\b{re.escape(label)}(?:\s+is)?\s*[:=]?\s*({_NUMBER})"
        for figure in re.findall(shown, text, re.IGNORECASE) or [None]:
            yield figure is not None and _is_rounded(figure, Decimal(str(true)))


def _value(first: str, steps: str) -> Decimal | None:
    """What a number and the operations after it make; None for a division by zero."""
    terms = [_decimal(first)]
    for sign, text in _STEP.findall(steps):
        number = _decimal(text)
        if sign.strip() in "*×":
            terms[-1] *= number
        elif sign.strip() in "/÷":
            if not number:
                return None
            terms[-1] /= number
        else:
            terms.append(number if sign.strip() == "+" else -number)
    return sum(terms, Decimal(0))


def _decimal(text: str) -> Decimal:
    return Decimal(re.sub(r"[,$€£]", "", text).replace("−", "-"))


def _is_rounded(shown: str, true: Decimal | None) -> bool:
    """Whether a text shows a number rounded to the places of the text."""
    figure = _decimal(shown)
    half = Decimal(5).scaleb(int(figure.as_tuple().exponent) - 1)
    return true is not None and abs(figure - true) <= half

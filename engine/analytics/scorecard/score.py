"""Adding up the criteria of a token to a band of points, a level and a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from engine.analytics.scorecard.criteria import CRITERIA, Criterion, Facts, severe
from engine.analytics.scorecard.facts import Evidence, TokenFacts, merge

Level = Literal["low", "clear so far", "unknown", "some signs", "elevated", "high"]
LEVELS: tuple[Level, ...] = get_args(Level)  # ascending in risk; "unknown": no criterion is known

ELEVATED, HIGH = 10, 20
_STEP = Decimal("0.1")
_CLAIM_OPEN = Decimal("0.5")
_SENTENCES: dict[Level, str] = {
    "unknown": "Nothing is known about this token; treat it as risky until you know more.",
    "low": "Little speaks against this token, and little is open.",
    "clear so far": "No red flag among what is known, but not all is known.",
    "some signs": "Some signs speak against this token.",
    "elevated": "Several signs speak against this token: elevated risk.",
    "high": "High risk: proceed with extreme caution.",
}
METHOD = (
    "100 points over 13 criteria; more points, more risk. Low end: what is established; high end: "
    "with everything unknown at its worst. A good thing only claimed in a text keeps half of its "
    f"points open. High from {HIGH} points, or with one grave fact; elevated from {ELEVATED}. "
    "Points show signs; they prove neither fraud nor safety."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion: points from low to high of its maximum, the reason, the weakest evidence.

    Without any fact the range is open, the reason says so, and evidence is None.
    """

    criterion: str
    low: Decimal
    high: Decimal
    maximum: int
    reason: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The band low..high within 0..100, its level and one sentence with the reasons.

    flags: findings with points, most first; open: criteria whose points are not settled;
    favourable: reasons that speak for the token, with those that have no points.
    """

    name: str
    address: str
    low: Decimal
    high: Decimal
    level: Level
    summary: str
    findings: tuple[Finding, ...]
    favourable: tuple[str, ...]
    method: str = METHOD

    @property
    def flags(self) -> tuple[Finding, ...]:
        """The findings that have points."""
        found = [finding for finding in self.findings if finding.low > 0]
        return tuple(sorted(found, key=lambda finding: -finding.low))

    @property
    def open(self) -> tuple[str, ...]:
        """The criteria whose points are not settled."""
        return tuple(f.criterion for f in self.findings if f.high > f.low)


def score(name: str, sources: Sequence[TokenFacts], address: str = "") -> Scorecard:
    """The scorecard of a token from everything known about it, in any mix."""
    facts = merge(sources)
    findings = tuple(_finding(criterion, facts) for criterion in CRITERIA)
    low = sum((finding.low for finding in findings), Decimal(0))
    high = sum((finding.high for finding in findings), Decimal(0))
    favourable = _favourable(findings, facts)
    level = _level(low, high, findings, facts)
    flagged = sorted((f for f in findings if f.low > 0), key=lambda finding: -finding.low)
    parts = [_SENTENCES[level], *(finding.reason for finding in flagged)]
    if level in ("low", "clear so far", "some signs"):
        parts += favourable
    if high > low:
        parts.append(f"{high - low:f} of 100 points are open.")
    return Scorecard(name, address, low, high, level, " ".join(parts), findings, tuple(favourable))


def _finding(criterion: Criterion, facts: Facts) -> Finding:
    known = [facts[name] for name in criterion.facts if name in facts]
    least, most = criterion.rate(facts)
    if not known:
        reason = f"Not known: {criterion.name}."
        return Finding(
            criterion.name, Decimal(0), Decimal(criterion.maximum), criterion.maximum, reason, None
        )
    claimed = any(fact.evidence == "claimed" for fact in known)
    measured = all(fact.evidence == "measured" for fact in known)
    if claimed:
        most = max(most, least + (1 - least) * _CLAIM_OPEN)
    return Finding(
        criterion=criterion.name,
        low=(least * criterion.maximum).quantize(_STEP),
        high=(most * criterion.maximum).quantize(_STEP),
        maximum=criterion.maximum,
        reason=criterion.say(facts),
        evidence="claimed" if claimed else "measured" if measured else "user",
    )


def _favourable(findings: Sequence[Finding], facts: Facts) -> list[str]:
    reasons = []
    if "backed" in facts and facts["backed"].value:
        reasons.append("It is said to be backed by a reputable firm.")
    if "roadmap" in facts and facts["roadmap"].value:
        reasons.append("It is said to have a solid roadmap.")
    return reasons + [
        f"{f.reason[:-1]}, it is said." if f.evidence == "claimed" else f.reason
        for f in findings
        if f.evidence is not None and f.low == 0
    ]


def _level(low: Decimal, high: Decimal, findings: Sequence[Finding], facts: Facts) -> Level:
    if all(finding.evidence is None for finding in findings):
        return "unknown"
    if low >= HIGH or severe(facts):
        return "high"
    if low >= ELEVATED:
        return "elevated"
    if high < ELEVATED:
        return "low"
    return "some signs" if low > 0 else "clear so far"

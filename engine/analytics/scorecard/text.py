"""Facts a text about a token claims, found by phrases; English, and nothing is read between lines.

Each phrase is looked for in one clause at a time. For each fact the first phrase of a clause
counts, denials stand before assertions, and of several clauses the riskiest holds.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from engine.analytics.scorecard.facts import (
    CANNOT_SELL,
    HIGH_YIELD,
    UNREALISTIC_YIELD,
    TokenFacts,
    Value,
    riskier,
)

MAX_CHARACTERS = 20_000
Reading = Callable[[re.Match[str]], Value | None]

_CLAUSES = re.compile(r"[.,;:!?](?=\s|$)|\n|\bbut\b|\bhowever\b|\balthough\b")
_PEOPLE = r"(?:teams?|dev(?:eloper|elopment)?s?|founders?|creators?)"
_MANY = r"(?:multiple|several|many|numerous|various|dozens of|hundreds of)"
_HUGE = r"(?:very |extremely |insanely )?(?:high|huge|massive|enormous|insane|incredible|crazy)"
_GAINS = r"(?:gains?|profits?|returns?|yields?|apys?|aprs?|rewards?)"
_NUMBER = r"(\d[\d,]{0,12}(?:\.\d{1,6})?)"
_DAYS = {"hour": 0, "day": 1, "week": 7, "month": 30, "year": 365}
_UNIT = r"(hour|day|week|month|year)s?"
_PER_YEAR = {"day": 365, "daily": 365, "week": 52, "weekly": 52, "month": 12, "monthly": 12}


def _number(match: re.Match[str], group: int = 1) -> Decimal:
    return Decimal(match[group].replace(",", ""))


def _share(match: re.Match[str]) -> Value | None:
    share = _number(match) / 100
    return share if share <= 1 else None


def _days(match: re.Match[str]) -> Value:
    return int(_number(match) * _DAYS[match[2]])


def _yearly(match: re.Match[str]) -> Value:
    return _number(match) / 100 * _PER_YEAR.get(match[2] or "", 1)


def _is(value: Value) -> Reading:
    return lambda match: value


# Fact, phrase, what it says. In order: for each fact the first phrase found in a clause counts.
_PHRASES: tuple[tuple[str, str, Reading], ...] = (
    ("audited", (r"un-?audited|\b(?:not|never|isn't|without|no|lacks?|pending|failed|fake)\b"
                r"(?: \w+){0,3} audit|audit(?:s|ed)? (?:is |are |was )?"
                r"(?:pending|planned|missing|failed|coming)"), _is(False)),
    ("audited", r"\baudit(?:s|ed)?\b", _is(True)),
    ("team_public", r"\b(?:not|no longer|isn't) anonymous", _is(True)),
    ("team_public", (r"\b(?:anonymous|anon|unknown|undisclosed|hidden|fake|pseudonymous|unnamed)"
                    rf"(?: \w+){{0,2}} {_PEOPLE}\b|\b{_PEOPLE}(?: \w+){{0,3}} (?:anonymous|anon|"
                    r"unknown|undisclosed|hidden|pseudonymous)\b|\b(?:not|un|isn't|never) ?doxx?ed|"
                    rf"\b(?:no|without an?) (?:known |public |named )?{_PEOPLE}\b(?! [a-z])|"
                    rf"\b{_PEOPLE} (?:is |are )?not (?:public|known|named|transparent)"),
     _is(False)),
    ("team_public", (rf"\b(?:transparent|public|known|named|verified|doxx?ed)(?: \w+){{0,2}} "
                    rf"{_PEOPLE}\b|\b{_PEOPLE}(?: is| are)? (?:public|known|named|transparent|"
                    r"verified|doxx?ed)\b|\bdoxx?ed\b"), _is(True)),
    ("owner_active", r"\bnot renounced|\bowner(?:ship)? (?:still |can |has not |hasn't |is not )",
     _is(True)),
    ("owner_active", r"\brenounced\b", _is(False)),
    ("can_mint", (r"\b(?:no|not|cannot|can't|never) (?:be )?(?:new )?mint|"
                 r"\bmint\w* (?:is |was )?(?:disabled|revoked|renounced)|\bfixed supply"),
     _is(False)),
    ("can_mint", (r"\bmintable|\bmint function|\b(?:unlimited|infinite) (?:supply|mint)|"
                 r"\bcan (?:mint|be minted)|\bmint\w* (?:is )?enabled"), _is(True)),
    ("can_pause", r"\b(?:no|not|cannot|can't) (?:be )?paus", _is(False)),
    ("can_pause", r"\bpaus(?:able|e function)|\bcan (?:be )?paused?\b", _is(True)),
    ("upgradable", r"\b(?:not|non-?) ?upgrade?able|\bno proxy|\bimmutable", _is(False)),
    ("upgradable", r"\bupgrade?able|\bproxy\b", _is(True)),
    ("liquidity_locked", (r"\b(?:unlocked liquidity|no (?:liquidity )?lock|no locked)|"
                         r"\bliquidity (?:is |was )?(?:not locked|unlocked|removed|pulled)"),
     _is(Decimal(0))),
    ("liquidity_locked", _NUMBER + r" ?% (?:of )?(?:the )?(?:liquidity|lp) (?:is )?"
                                   r"(?:locked|burn)", _share),
    ("some_locked", (r"\b(?:unlocked liquidity|no (?:liquidity )?lock|no locked)|"
                    r"\bliquidity (?:is |was )?(?:not locked|unlocked)"), lambda match: None),
    ("some_locked", r"\b(?:liquidity|lp)(?: \w+)? (?:lock|burn)|\blocked (?:liquidity|lp)",
     _is(True)),
    ("lock_days", r"\block(?:ed)?(?: for| of)? " + _NUMBER + "[ -]" + _UNIT, _days),
    ("lock_days", r"\b" + _NUMBER + "[ -]" + _UNIT + r" (?:(?:liquidity|lp) )?lock", _days),
    ("top10_share", r"\b(?:top|largest) (?:10|ten)?(?: \w+){0,2} "
                    r"(?:own|hold|control|have)s? (?:about |over )?" + _NUMBER + " ?%", _share),
    ("top10_share", r"\b(?:one|a single|single) (?:wallet|holder|whale|address) "
                    r"(?:owns|holds|controls) (?:about |over )?" + _NUMBER + " ?%", _share),
    ("buy_tax", r"\bbuy(?:ing)? tax (?:is |of )?" + _NUMBER + " ?%", _share),
    ("buy_tax", _NUMBER + r" ?% buy tax", _share),
    ("sell_tax", r"\bno(?:t an?)? honeypot", lambda match: None),
    ("sell_tax", (r"\bhoneypot|\b(?:cannot|can't|can not|unable to|impossible to) (?:be )?"
                 r"(?:sell|sold)|\bsell(?:ing)? (?:is )?(?:disabled|blocked)"), _is(CANNOT_SELL)),
    ("sell_tax", r"\bsell(?:ing)? tax (?:is |of )?" + _NUMBER + " ?%", _share),
    ("sell_tax", _NUMBER + r" ?% (?:sell )?tax", _share),
    ("age_days", r"\b(?:launched|created|deployed|started|listed) " + _NUMBER + f" {_UNIT} ago",
     _days),
    ("age_days", r"\b" + _NUMBER + f"[ -]{_UNIT}[ -]old", _days),
    ("age_days", (r"\b(?:launched|created|deployed|started|listed) (?:just )?(?:today|yesterday)|"
                 r"\bbrand[- ]new|\bjust launched"), _is(1)),
    ("age_days", (r"\b(?:recent(?:ly)?|newly) (?:launch|created|deployed|listed)|"
                 r"\blaunched (?:this|last) week"), _is(7)),
    ("promised_yield", r"\b(?:no|never|not)\b(?: \w+){0,2} (?:guarantee|unrealistic|promise)",
     lambda match: None),
    ("promised_yield", (rf"\b(?:guaranteed|unrealistic|risk[- ]free|impossible)(?: \w+)? {_GAINS}|"
                       r"\b(?:100|1,?000)x\b|\bget rich|\bdoubles? your|\bcannot lose"),
     _is(UNREALISTIC_YIELD)),
    ("promised_yield", _NUMBER + r" ?% (?:(?:a|per) )?(daily|weekly|monthly|day|week|month)?"
                                 rf"(?:yearly|annual|a year|per year)? ?{_GAINS}\b", _yearly),
    ("promised_yield", rf"\b(?:apy|apr|yield)s? (?:is |of )?{_NUMBER} ?%()", _yearly),
    ("promised_yield", _NUMBER + r" ?% (?:a |per )?(daily|weekly|monthly|day|week|month)\b",
     _yearly),
    ("promised_yield", rf"\b{_HUGE}(?: \w+)? {_GAINS}\b", _is(HIGH_YIELD)),
    ("scam_reports", r"\bno\b(?: \w+){0,2} (?:scam|fraud) (?:report|warning|complaint)", _is(0)),
    ("scam_reports", r"\b(?:no|never|not)\b(?: \w+){0,3} (?:scam|fraud|rug)", lambda match: None),
    ("scam_reports", r"\b(\d{1,4}) (?:scam|fraud) (?:report|warning|complaint)s?",
     lambda match: int(match[1])),
    ("scam_reports", (rf"\b{_MANY} (?:\w+ )?(?:scam|fraud|rug)|\b{_MANY} (?:\w+ )?(?:reports?|"
                     r"warnings?|complaints?) of (?:a )?(?:scam|fraud|rug)"), _is(2)),
    ("scam_reports", (r"\b(?:scam|fraud) (?:report|warning|alert|complaint|allegation)|"
                     r"\breported as (?:a )?(?:scam|fraud)|\baccused of"), _is(1)),
    ("impersonation", (r"\b(?:no|not|never|doesn't)\b(?: \w+){0,2} "
                      r"(?:impersonat|pretend|copycat|fake)"), lambda match: None),
    ("impersonation", (r"\bimpersonat|\bpretend(?:s|ing)? to be|\bcopycat|\bcounterfeit|"
                      r"\bfake (?:version|copy|clone)"), _is(True)),
    ("backed", r"\b(?:no|not|never|claims?)\b(?: \w+){0,2} backe[dr]", lambda match: None),
    ("backed", (r"\b(?:backed|supported|funded) by (?:\w+ ){0,2}(?:reputable|major|leading|"
               r"well[- ]known|established|large|renowned)"), _is(True)),
    ("roadmap", r"\b(?:no|not|unclear|vague|missing)\b(?: \w+){0,2} roadmap",
     lambda match: None),
    ("roadmap", r"\b(?:solid|clear|detailed|strong|public) roadmap", _is(True)),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(phrase), read) for name, phrase, read in _PHRASES)


def facts_from_text(text: str) -> TokenFacts:
    """What a description claims; only its first MAX_CHARACTERS count. Nothing found = unknown."""
    found: dict[str, Value] = {}
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower().replace("’", "'")
    for clause in _CLAUSES.split(folded):
        seen: set[str] = set()
        for name, phrase, read in _COMPILED:
            if name in seen or (match := phrase.search(clause)) is None:
                continue
            seen.add(name)
            value = read(match)
            if value is not None:
                found[name] = riskier(name, found[name], value) if name in found else value
    return TokenFacts("claimed", **found)  # type: ignore[arg-type]

"""Tokens in rows of a table or of a JSON list: scored one by one.

A value that cannot be read leaves its fact unknown and is named, as is a column nobody understands.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.analytics.scorecard.facts import TokenFacts, Value, riskier
from engine.analytics.scorecard.impersonation import impersonates
from engine.analytics.scorecard.score import LEVELS, Scorecard, score
from engine.analytics.scorecard.text import facts_from_text
from engine.core.errors import KnownError
from engine.core.money import parse_amount

_IDENTITY = ("name", "token", "symbol", "address", "contract", "chain")
_TEXTS = ("description", "text", "notes", "note")
# Column (lower case, blanks and dashes as "_", unit taken off) to fact; "!" turns yes into no.
_COLUMNS: Mapping[str, str] = {
    "audited": "audited", "audit": "audited", "unaudited": "!audited",
    "team": "team_public", "team_public": "team_public", "team_known": "team_public",
    "doxxed": "team_public",
    "anonymous_team": "!team_public", "team_anonymous": "!team_public",
    "owner_active": "owner_active", "renounced": "!owner_active",
    "ownership_renounced": "!owner_active", "can_mint": "can_mint", "mintable": "can_mint",
    "can_pause": "can_pause", "pausable": "can_pause", "proxy": "upgradable",
    "is_proxy": "upgradable", "upgradable": "upgradable", "upgradeable": "upgradable",
    "liquidity_locked": "liquidity_locked", "lp_locked": "liquidity_locked",
    "lock_days": "lock_days", "top10": "top10_share",
    "top_10": "top10_share", "top10_share": "top10_share",
    "top_10_share": "top10_share", "buy_tax": "buy_tax", "sell_tax": "sell_tax",
    "age_days": "age_days", "apy": "promised_yield", "apr": "promised_yield",
    "yield": "promised_yield", "promised_yield": "promised_yield", "scam_reports": "scam_reports",
    "impersonation": "impersonation", "backed": "backed", "roadmap": "roadmap",
}  # fmt: skip
_SHARES = frozenset("liquidity_locked top10_share buy_tax sell_tax promised_yield".split())
_COUNTS = frozenset("lock_days age_days scam_reports".split())
_UNITS = re.compile(r"_?(?:percent|pct|%|\(%\))$")
_YES = frozenset("yes true y 1 x ✓".split())
_NO = frozenset("no false n 0 none".split())
_PUBLIC = frozenset("public known named transparent verified doxxed doxed".split())
_HIDDEN = frozenset("anonymous anon hidden undisclosed pseudonymous unnamed".split())
_UNKNOWN = frozenset(["", "?", "-", "unknown", "n/a", "na", "null"])


@dataclass(frozen=True, slots=True)
class RefusedToken:
    """A row that has no token, or a value that could not be read: the row from 1, its name, why."""

    row: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TokenList:
    """Scorecards, the riskiest first; rows refused; values left unknown in rows that were scored;
    columns nobody understood."""

    cards: tuple[Scorecard, ...]
    refused: tuple[RefusedToken, ...]
    unread: tuple[RefusedToken, ...]
    unused: tuple[str, ...]


def score_list(rows: Sequence[Mapping[str, str]]) -> TokenList:
    """Score every row of a token list. Columns in any order; see `score_row`."""
    cards, refused, unread = [], [], []
    for number, row in enumerate(rows, start=1):
        try:
            cards.append(score_row(row))
        except KnownError as error:
            refused.append(RefusedToken(number, "", str(error)))
            continue
        name = cards[-1].name
        unread += [RefusedToken(number, name, reason) for reason in _stated(row)[1]]
    cards.sort(key=lambda card: (-LEVELS.index(card.level), -card.low, -card.high, card.name))
    titles = dict.fromkeys(title for row in rows for title in row)
    unused = [title for title in titles if not _understood(title)]
    return TokenList(tuple(cards), tuple(refused), tuple(unread), tuple(unused))


def score_row(row: Mapping[str, str], sources: Sequence[TokenFacts] = ()) -> Scorecard:
    """The scorecard of one row, with facts from elsewhere (the chain) beside it.

    Columns: name, symbol, address, chain; a description, read for what it claims; and facts with
    yes/no, numbers, or shares as "80 %", 0.8, or 80 under a title such as "top10_percent". A value
    that cannot be read stays unknown. KnownError for a row without name and address.
    """
    name, symbol, address, chain = _identity(row)
    if not name and not address:
        raise KnownError("A token needs a name or an address.", "Fill in one of them.")
    imposter = impersonates(name, symbol, address, chain)
    texts = [value or "" for title, value in row.items() if _key(title)[0] in _TEXTS]
    claimed = [facts_from_text(text) for text in texts]
    checked = TokenFacts("measured", impersonation=imposter)
    return score(name or address, [_stated(row)[0], checked, *claimed, *sources], address)


def _identity(row: Mapping[str, str]) -> tuple[str, str, str, str]:
    by_key = {_key(title)[0]: (value or "").strip() for title, value in row.items()}
    symbol = by_key.get("symbol", "")
    name = by_key.get("name") or by_key.get("token") or symbol
    address = by_key.get("address") or by_key.get("contract", "")
    return name, symbol, address, by_key.get("chain", "")


def _stated(row: Mapping[str, str]) -> tuple[TokenFacts, list[str]]:
    """The facts that a row states, and what is wrong with the values that cannot be read."""
    found: dict[str, Value] = {}
    unread = []
    value: Value
    for title, text in row.items():
        key, percent = _key(title)
        if key not in _COLUMNS or (text or "").strip().lower() in _UNKNOWN:
            continue
        fact, plain = _COLUMNS[key].removeprefix("!"), text.strip().lower()
        if fact == "liquidity_locked" and plain in _YES - {"1"}:
            # That there is a lock does not say of how much.
            fact, value = "some_locked", True
        else:
            try:
                value = _read(title, fact, plain, percent)
            except KnownError as error:
                unread.append(str(error))
                continue
        value = not value if _COLUMNS[key].startswith("!") else value
        found[fact] = riskier(fact, found[fact], value) if fact in found else value
    return TokenFacts("user", **found), unread  # type: ignore[arg-type]


def _read(title: str, fact: str, text: str, percent: bool) -> Value:
    if fact == "liquidity_locked" and text in _NO:
        return Decimal(0)
    if fact == "team_public" and text in _PUBLIC | _HIDDEN:
        return text in _PUBLIC
    if fact not in _SHARES and fact not in _COUNTS:
        if text in _YES or text in _NO:
            return text in _YES
        raise KnownError(f"“{text[:40]}” under {title} is neither yes nor no.", "Write yes or no.")
    try:
        number = parse_amount(text.removesuffix("%"))
    except ValueError:
        raise KnownError(f"“{text[:40]}” under {title} is no number.", "Correct the row.") from None
    if number < 0:
        raise KnownError(f"{title} cannot be below zero.", "Correct the row.")
    if fact in _COUNTS:
        return int(number)
    marked = percent or text.endswith("%")
    if not marked and number > 1:
        raise KnownError(f"{text} under {title} can be read two ways.", "Write 80 % or 0.8.")
    share = number / 100 if marked else number
    if share > 1 and fact != "promised_yield":
        raise KnownError(f"{title} cannot be above 100 %.", "Correct the row.")
    return share


def _key(title: str) -> tuple[str, bool]:
    """The column's plain name, and whether its values are per cent."""
    plain = re.sub(r"[\s-]+", "_", (title or "").strip().lower())
    key = _UNITS.sub("", plain)
    return key, key != plain


def _understood(title: str) -> bool:
    key = _key(title)[0]
    return key in _COLUMNS or key in _IDENTITY or key in _TEXTS

"""Token scorecards: what speaks against a token, with points and reasons, or a list of tokens."""

import csv
import io
from collections.abc import Mapping, Sequence

from engine.analytics.scorecard.rows import score_list
from engine.analytics.scorecard.score import Scorecard, score
from engine.analytics.scorecard.several import several
from engine.analytics.scorecard.text import facts_from_text
from engine.assistant.analyses.base import Analysis, Offers, text_of
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Column, TableCard
from engine.core.errors import KnownError
from engine.core.words import capitalised

_TEXT = Param(
    "text", "text", False,
    "what is known about a token, about several by name, or rows of a CSV with a header",
    label="Text about one token or several, or CSV rows", long=True,
)  # fmt: skip
_STORED = Param(
    "token", "text", False, "a token stored before", label="Or a stored token", omitted="none"
)
_NAME = "This token"


def token_scorecard(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The scorecard of a text, of CSV rows, or of a stored token."""
    text, stored = text_of(arguments, _TEXT), text_of(arguments, _STORED)
    documents = context.library.documents("scorecard")
    if stored in documents:
        return _cards(context, (_of_rows([documents[stored].get("row", {})])[0]))
    if not text.strip():
        raise KnownError(
            "There is nothing about a token to go by.", "Paste what you know of it, or CSV rows."
        )
    rows = _csv_rows(text)
    if rows is not None:
        return _cards(context, *_of_rows(rows))
    found = several(text)
    if found is None:
        return _cards(context, (score(_NAME, [facts_from_text(text)]),))
    cards, notes = _of_rows(found.rows)
    if facts_from_text(found.before) != facts_from_text(""):
        notes += ("What stands before the first token is counted for none of them.",)
    return _cards(context, cards, notes)


def _of_rows(rows: Sequence[Mapping[str, str]]) -> tuple[tuple[Scorecard, ...], tuple[str, ...]]:
    found = score_list(rows)
    notes = [f"Row {one.row} is not scored: {one.reason}" for one in found.refused]
    notes += [f"{one.name}: left unknown, for {one.reason}" for one in found.unread]
    if found.unused:
        listed = ", ".join(found.unused)
        notes.append(f"Not understood, and so not counted: the columns {listed}.")
    return found.cards, tuple(notes)


def _csv_rows(text: str) -> list[Mapping[str, str]] | None:
    """The rows of a text that is a table with a header, else None."""
    lines = text.strip().splitlines()
    if len(lines) < 2 or "," not in lines[0]:
        return None
    header = [name.strip().lower() for name in lines[0].split(",")]
    if not {"name", "token", "symbol", "address"} & set(header):
        return None
    reader = csv.DictReader(io.StringIO("\n".join(lines)), restval="", restkey="more")
    return [{k: v for k, v in row.items() if isinstance(v, str)} for row in reader]


def _cards(
    context: ToolContext, cards: tuple[Scorecard, ...], notes: tuple[str, ...] = ()
) -> ToolResult:
    if not cards:
        raise KnownError("No row could be scored.", " ".join(notes))
    one = cards[0]
    title = f"Scorecard of {one.name}" if len(cards) == 1 else "Token scorecards"
    sheet = Sheet(title, context.currency)
    for card in cards:
        who = "risk" if len(cards) == 1 else f"risk of {card.name}"
        sheet.fact(who, card.level)
        sheet.number(f"{who}, points at least", card.low, f"{card.low:f}")
        sheet.number(f"{who}, points at most", card.high, f"{card.high:f}")
        sheet.note(f"{card.name}: {card.summary}" if len(cards) > 1 else card.summary)
    for note in notes:
        sheet.note(note)
    table = _findings(sheet, one) if len(cards) == 1 else _list(sheet, cards)
    return sheet.result(sheet.card(one.method, False), table)


def _findings(sheet: Sheet, card: Scorecard) -> TableCard:
    order = sorted(card.findings, key=lambda finding: (-finding.low, -finding.high))
    rows = tuple(
        (
            capitalised(finding.criterion),
            _band(finding.low, finding.high),
            str(finding.maximum),
            finding.reason,
            finding.evidence or "unknown",
        )
        for finding in order
    )
    columns = (Column("Criterion", "text"), Column("Points", "amount"), Column("Of", "amount"),
               Column("Reason", "text"), Column("Evidence", "text"))  # fmt: skip
    total = ("Total", _band(card.low, card.high), "100", card.level, "")
    title = f"{card.name}: points and reasons"
    return sheet.table(title, columns, rows, card.method, False, total)


def _list(sheet: Sheet, cards: tuple[Scorecard, ...]) -> TableCard:
    rows = tuple(
        (
            card.name,
            card.level,
            _band(card.low, card.high),
            "; ".join(flag.reason.rstrip(".") for flag in card.flags) or "none",
        )
        for card in cards
    )
    columns = (Column("Token", "text"), Column("Risk", "text"), Column("Points of 100", "amount"),
               Column("Red flags", "text"))  # fmt: skip
    return sheet.table("Tokens, the riskiest first", columns, rows, cards[0].method, False)


def _band(low: object, high: object) -> str:
    return f"{low}" if low == high else f"{low}–{high}"


def _offers(context: ToolContext) -> Offers:
    return {"token": tuple(context.library.documents("scorecard"))}


TOKEN_SCORECARD = Analysis(
    Tool(
        "token_scorecard",
        "Points and reasons that speak against a token: scam signs, owner rights, liquidity.",
        (_TEXT, _STORED),
        token_scorecard,
        "the risk of a token",
        advice=True,
    ),
    "Tokens",
    "Token scorecard",
    "Transparent points with reasons; what is not known widens the band and never lowers the risk.",
    (
        r"\b(?:score ?cards?|rug[- ]?pulls?|rugs?|honey ?pots?|scams?|scammy)\b",
        r"\bscore (?:the |this |these |those |my )?(?:token|coin)s?\b",
        r"\b(?:is|are)\b.{0,40}\b(?:tokens?|coins?)\b.{0,30}\b(?:safe|legit|risky|a fraud)\b",
        r"\btokens?\b.{0,200}\b(?:audit\w*|anonymous|liquidity|locked)\b",
    ),
    _offers,
)

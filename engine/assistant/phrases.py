"""Sentences the assistant itself says: questions for missing values, replies, plain answers."""

import re
from collections.abc import Sequence
from decimal import Decimal

from engine.assistant.calls import call_json
from engine.assistant.decide import Option, fixed_arguments
from engine.assistant.tools.alerts import WORDS
from engine.assistant.tools.base import Tool, ToolResult
from engine.core.cards import Choice
from engine.core.money import to_text
from engine.core.words import capitalised

_MISSING = {
    "asset": "Which coin do you mean?",
    "asset_a": "Which two coins should I compare?",
    "asset_b": "Which other coin should I compare it with?",
    "change_percent": "By how many percent should the price change, up or down?",
    "price_change_percent": "By how many percent does the price of one coin change against the "
    "other?",
    "rate_percent": "What is the rate in percent a year?",
    "amount": "What is the amount?",
    "years": "For how long, in years or months?",
    "condition": "Should it ring above or below that level?",
    "value": "At which price, or at what move in percent, should it ring?",
    "term": "Which term should I explain?",
}
_SMALL_TALK = (
    (r"\b(?:thanks?|thank you|thx|ty|cheers)\b", "You're welcome. What else shall I look up?"),
    (r"\b(?:bye|goodbye|see (?:you|ya)|good ?night|cya)\b", "Goodbye. Everything stays here."),
    (
        r"\b(?:import\w*|csv|load|add (?:my )?(?:data|trades|file))\b",
        (
            "Drag a CSV file of your exchange on the window, press Import, or run "
            "`assay import FILE`. You see what would be stored before anything is."
        ),
    ),
    (
        (
            r"\b(?:privacy|private|send|sent|upload\w*|leaves?|cloud|servers?|online|offline|internet|"
            r"spy\w*|track\w*|share|safe)\b"
        ),
        (
            "Nothing leaves this computer unless you switch an online source on: your data lies in "
            "one encrypted file and the model runs here. A source learns which coins or "
            "addresses you ask for, never your records or questions, and every request is logged."
        ),
    ),
    (
        r"^\W*(?:hi|hello|hey|hiya|yo|good (?:morning|afternoon|evening|day))\b",
        "Hello. Ask me about your portfolio, risk, yields, alerts or a crypto term.",
    ),
)
REPLIES = {
    "chat": "I am Assay, a private analyst on this computer. Ask me about your portfolio, risk, "
    "yields, alerts or a crypto term.",
    "refuse": "I make no predictions and give no advice to buy or sell. I can show you figures: "
    "returns, volatility, drawdowns, or what a price change would do to your portfolio.",
    "off_topic": "That is outside what I do. I can help with your crypto portfolio: values, gains, "
    "risk, yields, alerts and the meaning of terms.",
}
STATUS = {
    "portfolio_value": "Valuing your portfolio…",
    "explain_term": "Looking it up in the glossary…",
    "create_alert": "Drafting an alert…",
    "transactions": "Looking through your transactions…",
}
NOT_TOLD = (
    "{name} may not see your portfolio, so Assay worded this itself; nothing of it was sent. "
    "You can allow it under Models → Other computers, or by `assay endpoints allow {name}`."
)
WAITING = "Waiting for {name}…"
NOT_KEPT = (
    "What {name} wrote was not kept, since not all of its figures could be traced; these words are "
    "Assay's own."
)
NO_WORDS = "No model is loaded, so this is Assay's own list."
STARTER_LISTS = (
    "This is Assay's own list: the starter model has not learned to sum up. Any larger model "
    "under Models does it in its own words."
)
NO_ROOM = "The model has no room for what fired, so this is Assay's own list."
NEEDED_ELSEWHERE = "Another model was loaded meanwhile, so this is Assay's own list."
SIMULATED = "The demo's data have a part in this (simulated)."
CHOOSE = "I am not sure what you mean. Did you mean one of these?"


def reply(kind: str, question: str) -> str:
    """What Assay itself answers where no tool is asked for; kind: a key of REPLIES."""
    if kind == "chat":
        for pattern, text in _SMALL_TALK:
            if re.search(pattern, question, re.I):
                return text
    return REPLIES[kind]


def ask_for(option: Option) -> str:
    """The question for the first missing value."""
    return _MISSING[option.slots.missing[0]]


def choice(option: Option) -> Choice:
    """One answer of a "did you mean" chooser."""
    arguments = fixed_arguments(option.slots)
    shown = {
        p.name: _shown(arguments[p.name]) for p in option.tool.parameters if p.name in arguments
    }
    change = arguments.get("change_percent")
    if isinstance(change, Decimal) and change > 0:
        shown["change_percent"] = f"+{shown['change_percent']}"  # beside a choice of -30
    # A coin that may be left out stands for the whole.
    whole = {p.name: "your portfolio" for p in option.tool.parameters if p.kind == "asset"
             and not p.required}  # fmt: skip
    label = option.tool.noun.format_map(_Blank(whole | shown))
    if "condition" in shown:  # "down_percent" is no word for a person
        unit = " %" if shown["condition"].endswith("percent") else ""
        way = f"{WORDS[shown.pop('condition')]} {shown.pop('value', '…')}{unit}"
        label = f"an alert when {shown.get('asset', '…')} {way}"
    extra = [v for name, v in shown.items() if f"{{{name}}}" not in option.tool.noun]
    if extra:
        label = f"{label} ({', '.join(extra)})"
    return Choice(call_json(option.tool.name, arguments), capitalised(label))


class _Blank(dict[str, str]):
    """Leaves a gap for a value that is not there."""

    def __missing__(self, key: str) -> str:
        return "…"


def _shown(value: str | Decimal) -> str:
    if value == "ALL":
        return "everything"
    return to_text(value) if isinstance(value, Decimal) else value.replace("..", " to ")


def plain_answer(tool: Tool, result: ToolResult) -> str:
    """The tool result as text a person can read: used when the model's words do not hold up."""
    if tool.name == "explain_term":
        return result.text.replace("\nsource: ", "\n\n— ")
    title, *lines = result.text.splitlines()
    if not lines:
        return title
    if tool.name == "profit_loss" and lines[0].startswith("period: "):
        return _within(title, lines)
    items = [f"- {capitalised(line)}" for line in lines]
    return f"**{title}**\n\n" + "\n".join(items)


def _within(title: str, lines: Sequence[str]) -> str:
    """A result about a period in one sentence that names it, with the notes behind."""
    period, *rest = (line.partition(": ")[2] if n == 0 else line for n, line in enumerate(lines))
    notes = [line.removeprefix("note: ") for line in rest if line.startswith("note: ")]
    said = [line.replace(": ", " ") for line in rest if not line.startswith("note: ")]
    first = f"**{title}**, {period}" + (f": {'; '.join(said)}." if said else ".")
    return "\n\n".join(filter(None, (first, " ".join(notes))))

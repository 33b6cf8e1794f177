"""Hand-written wordings with slots, filled with random values whose meaning is known."""

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from pathlib import Path

from training.assistant import numbers, surfaces
from training.assistant.surfaces import Surface, Value, World
from training.vocabulary import TOOL_NAMES

FOLDER = Path(__file__).parent / "wordings"
NO_TOOL = ("ask", "chat", "refuse", "off_topic")
_SLOT = re.compile(r"\{(\w+)\}")
_NUMBERS = frozenset({"change_percent", "price_change_percent", "value", "amount", "years",
                      "rate_percent"})  # fmt: skip
# Order and names of the arguments a slot stands for, per tool.
_ARGUMENTS: dict[str, dict[str, str]] = {
    "correlation": {"asset": "asset_a", "asset_b": "asset_b"},
    "what_if": {"asset": "asset", "percent_down": "change_percent", "percent_up": "change_percent",
                "percent": "change_percent"},
    "impermanent_loss": {"percent_down": "price_change_percent", "amount": "amount",
                         "percent_up": "price_change_percent", "percent": "price_change_percent"},
    "create_alert": {"asset": "asset", "price": "value", "percent_down": "value",
                     "percent_up": "value", "percent": "value"},
    "apr_to_apy": {"rate": "rate_percent", "percent": "rate_percent", "compounding": "compounding"},
    "compound_growth": {"amount": "amount", "rate": "rate_percent", "percent": "rate_percent",
                        "years": "years", "compounding": "compounding"},
    "explain_term": {"term": "term"},
    "list_alerts": {},
}  # fmt: skip
_COMMON = {"asset": "asset", "account": "account", "period": "period", "period_adv": "period",
           "date": "date"}  # fmt: skip
ORDER: dict[str, tuple[str, ...]] = {
    "portfolio_value": ("account", "date"), "position": ("asset", "account"),
    "profit_loss": ("asset", "kind", "period"), "best_worst": ("period",),
    "period_return": ("asset", "period"), "volatility": ("asset", "period"),
    "max_drawdown": ("asset", "period"), "correlation": ("asset_a", "asset_b", "period"),
    "what_if": ("asset", "change_percent"), "apr_to_apy": ("rate_percent", "compounding"),
    "compound_growth": ("amount", "rate_percent", "years", "compounding"),
    "impermanent_loss": ("price_change_percent", "amount"),
    "create_alert": ("asset", "condition", "value"), "list_alerts": (),
    "explain_term": ("term",), "price": ("asset", "date"),
    "transactions": ("asset", "account", "period"),
}  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """One hand-written line. tool is None for turns without a call, then kind says which."""

    text: str
    tool: str | None
    fixed: Mapping[str, str] = field(default_factory=dict)
    previous: str | None = None
    kind: str = "tool"
    reply: str = ""
    missing: str = ""

    @property
    def held_out(self) -> bool:
        """True for about one wording in eight, chosen by its text: never trained on in trials."""
        return blake2b(self.text.encode(), digest_size=1).digest()[0] < 32


@dataclass(frozen=True)
class Utterance:
    """A filled wording: what the user types and the call it means (arguments None: no call)."""

    text: str
    wording: Wording
    arguments: dict[str, Value]


@cache
def load() -> tuple[Wording, ...]:
    """All wordings of all tools, follow-ups and turns without a tool."""
    wordings = [w for name in TOOL_NAMES for w in _tool_lines(name)]
    for line in _lines("followups.txt"):
        tools, text = line.split(":", 1)
        before, after = (part.strip() for part in tools.split("->"))
        words, fixed = _split(text)
        wordings.append(Wording(words, after, fixed, previous=before))
    for kind in NO_TOOL:
        for row in _lines(f"none_{kind}.jsonl"):
            data = json.loads(row)
            wordings.append(
                Wording(data["text"], None, kind=kind, reply=data["reply"],
                        missing=data.get("missing", ""), fixed={"tool": data.get("tool", "")})
            )  # fmt: skip
    return tuple(wordings)


def _lines(name: str) -> Iterator[str]:
    """The lines of all authors' files of that name, without comments."""
    for path in sorted(FOLDER.glob(f"*/{name}")):
        for line in path.read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                yield line.strip()


def _tool_lines(name: str) -> Iterator[Wording]:
    for line in _lines(f"{name}.txt"):
        text, fixed = _split(line)
        yield Wording(text, name, fixed)


def _split(line: str) -> tuple[str, dict[str, str]]:
    text, _, rest = line.partition("||")
    pairs = (pair.partition("=") for pair in rest.split(";") if "=" in pair)
    return text.strip(), {key.strip(): value.strip() for key, _, value in pairs}


def fill(
    wording: Wording, world: World, rng: random.Random, before: Mapping[str, Value] | None = None
) -> Utterance:
    """Fills the slots of a wording and works out the call it means.

    before: the arguments of the previous call, inherited by follow-ups.
    """
    tool = wording.tool
    names = {**_COMMON, **_ARGUMENTS.get(tool or "", {})} if tool else dict(_COMMON)
    if tool in ("apr_to_apy", "compound_growth", "impermanent_loss", "list_alerts", "explain_term"):
        names = dict(_ARGUMENTS[tool])
    said: dict[str, Value] = {}
    used: dict[str, Surface] = {}

    def put(match: re.Match[str]) -> str:
        slot = match[1]
        if slot not in used:
            used[slot] = _surface(slot, wording, world, rng, match.string[: match.start()], used)
            argument = names.get(slot)
            if slot in ("kind_realised", "kind_unrealised"):
                said["kind"] = slot.removeprefix("kind_")
            elif argument:
                value = used[slot].value
                if slot == "percent_down" and tool in ("what_if", "impermanent_loss"):
                    assert isinstance(value, Decimal)
                    value = -value
                said[argument] = value
        return used[slot].text

    text = _SLOT.sub(put, wording.text)
    text = re.sub(r"\b(?:on|at) (yesterday|a month ago|the day before)", r"\1", text)
    arguments: dict[str, Value] = {}
    if tool:
        inherited = _inherit(tool, before or {}) if wording.previous else {}
        fixed: dict[str, Value] = {
            key: Decimal(value) if key in _NUMBERS and value else value
            for key, value in wording.fixed.items()
        }
        merged = {**inherited, **said, **fixed}
        arguments = {k: merged[k] for k in ORDER[tool] if k in merged and merged[k] != ""}
    return Utterance(text, wording, arguments)


def _inherit(tool: str, before: Mapping[str, Value]) -> dict[str, Value]:
    taken = {key: value for key, value in before.items() if key in ORDER[tool]}
    coin = before.get("asset", before.get("asset_a"))
    if coin is not None and coin != "ALL":
        if "asset_a" in ORDER[tool] and "asset_a" not in taken:
            taken["asset_a"] = coin
        if "asset" in ORDER[tool] and "asset" not in taken:
            taken["asset"] = coin
    if taken.get("asset") == "ALL" and tool != "what_if":
        del taken["asset"]
    return taken


def _surface(
    slot: str, wording: Wording, world: World, rng: random.Random, left: str,
    used: Mapping[str, Surface],
) -> Surface:  # fmt: skip
    signed = left.rstrip()[-1:] in ("-", "+", "−")
    match slot:
        case "asset":
            return surfaces.asset(rng, world)
        case "asset_b":
            return surfaces.asset(rng, world, str(used["asset"].value) if "asset" in used else None)
        case "account":
            return surfaces.account(rng, world)
        case "period":
            return surfaces.period(rng, world)[0]
        case "period_adv":
            return surfaces.period(rng, world)[1]
        case "date":
            return surfaces.day(rng, world)
        case "percent_down":
            return numbers.percent(rng, digits_only=signed, fractions=True)
        case "percent_up" | "percent":
            return numbers.percent(rng, digits_only=signed)
        case "rate":
            return numbers.rate(rng)
        case "amount":
            return numbers.amount(rng, world)
        case "price":
            return numbers.price(rng, world)
        case "years":
            return numbers.years(rng)
        case "compounding":
            return numbers.compounding(rng)
        case "term":
            term = rng.choice(surfaces.term_forms())
            return Surface(term, term)
        case "kind_realised":
            return Surface(rng.choice(("realised", "realized", "locked-in")), "realised")
        case "kind_unrealised":
            return Surface(rng.choice(("unrealised", "unrealized", "paper")), "unrealised")
    raise ValueError(f"unknown slot {{{slot}}} in {wording.text!r}")


@cache
def _preambles() -> tuple[tuple[str, ...], tuple[str, ...]]:
    lines = (FOLDER.parent / "preambles.txt").read_text("utf-8").splitlines()
    before = tuple(line[2:] for line in lines if line.startswith("> "))
    after = tuple(line[2:] for line in lines if line.startswith("< "))
    return before, after


def ramble(rng: random.Random, text: str) -> str:
    """Puts a story or two before the question, and now and then a remark after it."""
    before, after = _preambles()
    for _ in range(rng.choice((0, 1, 1, 1, 1, 2))):
        text = f"{rng.choice(before)} {text}"
    if rng.random() < 0.4:
        remark = rng.choice(after)
        text = text.rstrip("?.!") + ("" if remark[0] in ",." else " ") + remark
    return text


def roughen(rng: random.Random, text: str, rate: float = 0.25) -> str:
    """Makes a text look typed in a hurry: case, punctuation, apostrophes, at most two typos.

    Only plain words of four letters or more get typos, so that values keep their meaning.
    """
    if rng.random() < 0.3:
        text = text.lower() if not re.search(r"\b[A-Z]{2,}\b", text) else text
    if rng.random() < 0.35:
        text = text.rstrip("?.!")
    elif rng.random() < 0.3 and text[-1:].isalnum():
        text += "?"
    if rng.random() < 0.3:
        text = text.replace("'", "").replace("’", "")
    if rng.random() < rate:
        words = text.split(" ")
        plain = [i for i, w in enumerate(words) if re.fullmatch(r"[a-z]{4,}", w)]
        for index in rng.sample(plain, min(len(plain), rng.choice((1, 1, 2)))):
            words[index] = surfaces.slip(rng, words[index], keep_first=True)
        text = " ".join(words)
    return text

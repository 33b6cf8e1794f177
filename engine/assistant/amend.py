"""What a follow-up puts in the place of an argument: another coin, everything, a correction."""

import re
from collections.abc import Mapping
from decimal import Decimal

from engine.assistant.recognise import Recognised
from engine.assistant.recognise.mention import Kind
from engine.assistant.recognise.ranges import bare_days
from engine.assistant.router import masked
from engine.assistant.tools.base import Tool

Value = str | Decimal
Told = dict[str, Value | None]
ALL = "ALL"

_COINS = ("asset", "asset_a", "asset_b")
_LEAD = r"^\W*(?:(?:ok|okay|and|now|no|please|can you|could you|then|just|let'?s|so|or)[\s,]+)*"
_SWAP = re.compile(
    rf"{_LEAD}(?:swap|replace|exchange|switch|change|substitute)\s+(?P<what>.{{1,30}}?)\s+"
    r"(?:for|with|to|by|into)\s+(?:the\s+|some\s+)?$",
    re.I,
)
_VERSUS = re.compile(rf"{_LEAD}(?:versus|vs\.?|compared (?:to|with)|against)\s+$", re.I)
EVERYTHING = re.compile(
    r"\b(?:(?:(?:the|my)\s+)?(?:whole|hale|entire|total|overall)\s+(?:portfolio|market|lot|thing|stack|"
    r"bag|pile|stash|shebang)|(?:the|my|whole)\s+portfolio(?: as a whole)?|everything|"
    r"awthing|a'?thing|everythin'?|"
    r"all (?:of )?(?:my |the )?(?:coins|holdings|crypto|assets|tokens|positions)(?: together)?|"
    r"all (?:of it|of them|together)|across the board|the (?:whole )?(?:lot|market))\b",
    re.I,
)
_NOT_JUST = re.compile(r"\bnot\s+(?:just|only|merely)\s+(?:my\s+|the\s+)?$", re.I)
EVERY_ACCOUNT = re.compile(
    r"\b(?:(?:across|over|on|in|from|at)\s+)?(?:all|every|each|both|any)(?:\s+of)?(?:\s+(?:my|the))?"
    r"\s+(?:\w+\s+)?(?:accounts?|wallets?|exchanges?)\b|\beverywhere\b|"
    r"\b(?:never ?mind|forget|ignore) (?:the|which|that) (?:accounts?|wallets?|exchanges?)\b",
    re.I,
)
# "forget the coin", "leave out the coin"
_DROP_COIN = re.compile(
    r"\b(?:forget(?: about)?|leave out|drop|ignore|lose|skip|without|never ?mind|not by|not per)\s+"
    r"(?:(?:the|that|any|which|this|single|one)\s+)*(?:coins?|tokens?|asset)\b",
    re.I,
)
_BOTH_KINDS = re.compile(
    r"\bboth(?:\s+(?:of\s+)?(?:kinds?|types?|sorts?|them|those|together|combined|sides))?(?=\W*$|\s+"
    r"(?:rolled|added|together|combined|in one|please|pls|then|summed|as one))|"
    r"\bboth (?:kinds?|types?|sorts?|sides)\b|\b(?:either|any) kind\b|"
    r"\brealised (?:and|plus|\+) unrealised\b|\bunrealised (?:and|plus|\+) realised\b",
    re.I,
)
_INSTEAD = re.compile(r"\s+(?:instead of|rather than|in place of)\s+(?:the\s+|my\s+)?", re.I)
_RESIZED = re.compile(
    r"\b(?:stretch|extend|widen|expand|lengthen|shorten|shrink|narrow|trim|cut|zoom|push|tighten)\s+"
    r"(?:(?:it|that|this|the\s+\w+|out|in|down|back)\s+)*(?:to|over)\b",
    re.I,
)
_ONE_MORE = re.compile(r"^\W*(?:ok(?:ay)?|right|alright|good|great|fine|cool|next|now)\b", re.I)
_SHORT_YEAR = re.compile(r"(?<![\w.,$€£'])'?(2\d)(?![\w%]|[.,]\d)")
_SAME_COIN = re.compile(r"\bsame (?:coin|one|asset|token|crypto)\b", re.I)
SAME_TIME = re.compile(
    r"\b(?:the same|same|that|those|this same)\s+(?:exact\s+)?(?:windows?|periods?|stretch|span|"
    r"days?|time ?frame|time ?span|time|weeks?|months?|quarters?|years?|range|dates?|"
    r"horizon|spell)\b(?!\s+(?:last|previous|prior|(?:a|one|the|two|\d+)\s+\w+\s+"
    r"(?:before|earlier|prior|previous|back|ago|after|later))\b)",
    re.I,
)
_CORRECTION = re.compile(
    r"\b(?:(?:i|what i) (?:meant|mean)|meant (?:to (?:say|write|type))?|my (?:mistake|bad)|oops|"
    r"whoops|typo|sorry|correction|scratch that|misread|mistyped|i misspoke|not what i meant|"
    r"should (?:be|have been|read)|make (?:it|that)|rather)\b",
    re.I,
)
_QUESTION = re.compile(
    r"\b(?:what|how|which|when|why|where|who|did|do|does|will|would|should i|can|could|show|list|"
    r"explain|define|tell)\b",
    re.I,
)
_KINDS: dict[str, Kind] = {
    "asset": "asset", "account": "account", "period": "period", "date": "date",
    "percent": "percent", "amount": "amount", "years": "years",
}  # fmt: skip
_LONGEST = 12  # words of a correction
# Words that change nothing about what is asked.
_EMPTY = frozenset(
    "and also what about how same ok okay now then but only just or instead again please pls for "
    "of the a an n nd with in on at over make it that say lets let's try do if to is was by oh no "
    "yes hmm rather well so wbu as too k coin one asset token not merely my across every all each "
    "nah aye an hm nothing else ones stuff i'm im coins tokens give me show i want my next "
    "account accounts everywhere out swap zoom versus vs both together today day this".split()
)


def amended(
    tool: Tool, found: Recognised, before: str, arguments: Mapping[str, Value]
) -> tuple[Told, Recognised]:
    """Arguments put in the place of others, and the question without those words.

    before: the tool of the call before, arguments: those of that call. None takes one back.
    """
    names = {param.name for param in tool.parameters}
    told, found = _swapped(found, arguments, names, tool.name == before)
    whole = EVERYTHING.search(found.text)
    if "asset" in names and whole:
        kept = [m for m in found.of("asset") if not _NOT_JUST.search(found.text[: m.start])]
        only = not _left(found)
        optional = tool.name == "what_if" or not _requires_asset(tool)
        named = found.of("asset") or tool.name == "what_if"
        if optional and not kept and (only or named) and (only or tool.name == before):
            told["asset"] = ALL if tool.name == "what_if" else None
            for mention in found.of("asset"):
                found = found.without(mention.start, mention.end)
    if tool.name != before:
        return told, found
    told |= _left_out(tool, found, arguments, told)
    if "account" in arguments and EVERY_ACCOUNT.search(found.text) and not _left(found):
        told["account"] = None
    if "asset" in arguments and _SAME_COIN.search(found.text) and not _left(found):
        told["asset"] = arguments["asset"]
    if "period" in arguments and SAME_TIME.search(found.text) and not _left(found):
        told["period"] = arguments["period"]
    told |= _corrected(tool, found, arguments, told)
    return told, found


def _left_out(tool: Tool, found: Recognised, arguments: Mapping[str, Value], told: Told) -> Told:
    """ "forget the coin", "both kinds", "stretch it to a fortnight", "ok link now"."""
    text, new = found.text, Told()
    coins, periods = found.values("asset"), found.values("period")
    if "asset" in arguments and _DROP_COIN.search(text) and not coins:
        if tool.name == "what_if":
            new["asset"] = ALL
        elif not _requires_asset(tool):
            new["asset"] = None
    if "kind" in arguments and _BOTH_KINDS.search(text):
        new["kind"] = None
        if "period" in arguments and not periods:
            new["period"] = arguments["period"]
    if _takes(tool, "period") and _RESIZED.search(text) and len(periods) == 1:
        new["period"] = periods[0]
    alone = len(found.mentions) == 1 and len(coins) == 1 and not _left(found)
    if "asset" in arguments and "asset" not in told and alone and _ONE_MORE.search(text):
        new["asset"] = coins[0]
    return new


def _takes(tool: Tool, name: str) -> bool:
    return any(param.name == name for param in tool.parameters)


def _requires_asset(tool: Tool) -> bool:
    return any(param.name == "asset" and param.required for param in tool.parameters)


def _left(found: Recognised) -> list[str]:
    """Words beside values and ways to point back; a text that has some may ask something else."""
    text = EVERYTHING.sub(" ", masked(found))
    text = _DROP_COIN.sub(" ", text)
    text = SAME_TIME.sub(" ", EVERY_ACCOUNT.sub(" ", re.sub(r"<\w+>", " ", text)))
    return [word for word in re.findall(r"[a-z']+", text) if word not in _EMPTY]


def _swapped(
    found: Recognised, arguments: Mapping[str, Value], names: set[str], same_tool: bool
) -> tuple[Told, Recognised]:
    """ "swap link for uniswap", "swap that for avax", "versus bitcoin"."""
    coins = found.of("asset")
    if (
        same_tool
        and len(coins) == 2
        and _INSTEAD.fullmatch(found.text, coins[0].end, coins[1].start)
    ):
        held = [n for n in _COINS if n in arguments and n in names]
        place = next((n for n in held if arguments[n] == coins[1].value), None)
        if place:
            for other in coins:
                found = found.without(other.start, other.end)
            return {**{n: arguments[n] for n in held}, place: coins[0].value}, found
    for mention in coins:
        before = found.text[: mention.start]
        swap, versus = _SWAP.search(before), _VERSUS.search(before)
        if swap:
            out = [m for m in coins if m.end <= mention.start]
            held = [n for n in _COINS if n in arguments and n in names]
            place = next((n for n in held if out and arguments[n] == out[0].value), None)
            place = place or (held[-1] if held and not out else None)
            if place:
                told: Told = {**{n: arguments[n] for n in held}, place: mention.value}
                for other in coins:
                    found = found.without(other.start, other.end)
                return told, found
        if versus and same_tool and "asset" in arguments:
            return {"asset": mention.value}, found
    return {}, found


def _corrected(tool: Tool, found: Recognised, arguments: Mapping[str, Value], told: Told) -> Told:
    """ "oops, I meant eleven fifty": the only value of its kind takes the other's place."""
    text = found.text
    if not _CORRECTION.search(text) or _QUESTION.search(text) or len(text.split()) > _LONGEST:
        return {}
    new: Told = {}
    year = _SHORT_YEAR.findall(text)
    in_year = re.fullmatch(r"20\d\d", str(arguments.get("period"))) and not found.of("period")
    if in_year and len(year) == 1 and f"20{year[0]}" <= str(found.today.year):
        return {"period": f"20{year[0]}"}
    for param in tool.parameters:
        if param.name in told or param.kind not in _KINDS:
            continue
        kind: Kind = _KINDS[param.kind]
        values = found.values(kind)
        before = arguments.get(param.name)
        if len(values) != 1 or before is None:
            continue
        if param.kind == "period" and bare_days(text):  # of the month spoken of
            continue
        value = values[0]
        if isinstance(value, Decimal) and isinstance(before, Decimal) and param.kind == "percent":
            signed = any(m.signed for m in found.of("percent"))
            value = abs(value) if param.name == "rate_percent" else value
            value = value if signed or value < 0 else value.copy_sign(before)
        new[param.name] = value
    return new

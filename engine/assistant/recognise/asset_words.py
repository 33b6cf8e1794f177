"""Words that are names of coins and ordinary words at the same time."""

import re

# Symbols that are also everyday words count only in capitals, after "$" or beside a sign of it.
EVERYDAY = frozenset(
    "near op one gas flow sun for any all just leo comp bal link sand dash rose ape cake sushi apt "
    "ton quant maker render terra stacks oasis bat gala blur compound optimism sandbox".split()
)
# … unless the user owns them; these stay ambiguous even then.
NEVER_LOWER = frozenset("near op one gas for any all just apt flow sun comp bal sand ton".split())
# Names that are taken at their word when no other asset is named.
LIKELY = frozenset("link sand quant maker render terra stacks oasis gala blur optimism".split())
# Everyday words one slip away from a name.
NOT_A_TYPO = frozenset(
    "other either there ether's triple tripled tripple stellar's cosmic maker's curves optimistic "
    "optimise optimize render rendered balance balanced balances tender solar stable letter better "
    "rather whether father mother together neither another others compound compounds compounding "
    "compounded immutable helium linked links current convex stacked stack backed carbon carbons "
    "lighting ripples rippled tribble fathom phantom graph graphs polygons ordinal settler "
    "setter".split()
)
# Words that are a symbol with two letters swapped.
SWAPPED_WORDS = frozenset("dad add lost slo los nub sue use tao oat uin".split())

# Where a word that may be a coin is none.
_NO_COIN = {
    "link": r"\b(?:a|any|some|this|that|your|our|click|send|share|follow|open|website|download|"
    r"invite|referral|phishing|dead|broken|weak(?:est)?|missing|is there a|me (?:a|the)|"
    r"(?:is|are) the)\s+{}\b(?!\s+(?:token|coin|price))|"
    r"\b{}s?\s+between\b|\b(?:the|their|its|no)\s+{}s?\s+(?:with|to|you|below|above|here)\b",
    "sand": r"\b(?:the|in|of|head in the|on)\s+{}\b(?!\s+(?:token|coin|price))",
    "the graph": r"\b(?:show|see|draw|plot|on|in|of|me|make|open|zoom|read)\b[^.?!]*\b{}\b",
    "zk": r"\b{}[\s-]?(?:roll\s?-?up|proof|snark|stark|evm|tech)",
    "op": r"\b{}[\s-]stack\b",
    "stellar": r"\b{} (?:performance|performer|return|gain|run|job|year|month|week|result)s?\b",
    "ripple": r"\b{} (?:effect|through)s?\b",
    "avalanche": r"\b(?:an|the) {} of\b",
    "cosmos": r"\bwhole {}\b",
    "polygon": r"\ba {}\b",
    "helium": r"\b{} balloon",
    "maker": r"\b(?:market|coffee|ice|film|book) {}s?\b",
    "dash": r"\bdash(?:board)\b",
    "dot": r"\bday {}\b",
    "corn": r"\b(?:pop|sweet) ?{}\b|\b{} (?:field|flake|bread|price per bushel)s?\b",
}
# Where a word in lower case is a coin after all.
_SIGNS = (
    r"\b(?:price|value|worth|volatility|amount|return|drawdown|correlation|pile|bags?) of "
    r"(?:my )?{}\b|"
    r"\bhow (?:much|many) (?:of my )?{}\b(?! (?:of|do you|is there))|"
    r"\b{}(?:'s)? (?:price|coins?|tokens?|bags?|holdings?|position)\b|"
    r"\b(?:my|buy|bought|sell|sold|own|hodl|stake|staked|stacking) {}\b(?! (?:of|in|is that))|"
    r"\d {}\b(?! (?:of|in|more|years?|days?))"
)


def is_no_coin(text: str, name: str, start: int, end: int) -> bool:
    """Whether the name at text[start:end] is the everyday word, by the words around it."""
    pattern = _NO_COIN.get(name)
    if pattern is None or (text[start:end].isupper() and not text.isupper()):
        return False
    return _covers(pattern, text, name, start)


def is_coin_after_all(text: str, name: str, start: int) -> bool:
    """Whether an everyday word in lower case is used like a coin ("price of near")."""
    return _covers(_SIGNS, text, name, start)


def _covers(pattern: str, text: str, name: str, start: int) -> bool:
    expression = pattern.replace("{}", re.escape(name))
    return any(m.start() <= start < m.end() for m in re.finditer(expression, text, re.I))

"""Finds assets: symbols, names, nicknames, common misspellings."""

import json
import re
from collections.abc import Iterable
from functools import cache

from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.spelling import distance
from engine.core.resources import resource

# Symbols that are also everyday words count only in capitals or after a "$".
_EVERYDAY = frozenset(
    [
        "near",
        "op",
        "one",
        "gas",
        "flow",
        "sun",
        "for",
        "any",
        "all",
        "just",
        "leo",
        "comp",
        "bal",
        "link",
        "sand",
        "dash",
        "rose",
        "ape",
        "cake",
        "sushi",
        "apt",
        "ton",
        "quant",
        "maker",
        "render",
        "terra",
        "stacks",
        "oasis",
        "bat",
        "gala",
        "blur",
        "compound",
        "optimism",
    ]
)
# … unless the user owns them; these stay ambiguous even then.
_NEVER_LOWER = frozenset(("near op one gas for any all just apt flow sun comp bal").split())
# Names that are taken at their word when no other asset is named.
_LIKELY = frozenset(
    [
        "link",
        "sand",
        "quant",
        "maker",
        "render",
        "terra",
        "stacks",
        "oasis",
        "gala",
        "blur",
        "optimism",
    ]
)
# Everyday words one slip away from a name.
_NOT_A_TYPO = frozenset(
    [
        "other",
        "either",
        "there",
        "ether's",
        "triple",
        "tripled",
        "tripple",
        "stellar's",
        "cosmic",
        "maker's",
        "curves",
        "optimistic",
        "optimise",
        "optimize",
        "render",
        "rendered",
        "balance",
        "balanced",
        "balances",
        "tender",
        "solar",
        "stable",
        "letter",
        "better",
        "rather",
        "whether",
        "father",
        "mother",
        "together",
        "neither",
        "another",
        "others",
        "compound",
        "compounds",
        "compounding",
        "compounded",
        "immutable",
        "helium",
        "linked",
        "links",
        "current",
        "convex",
        "stacked",
        "stack",
        "backed",
        "carbon",
        "carbons",
        "lighting",
        "ripples",
        "rippled",
        "tribble",
        "fathom",
        "phantom",
        "graph",
        "graphs",
        "polygons",
        "ordinal",
        "settler",
        "setter",
    ]
)
# Words that are a symbol with two letters swapped.
_SWAPPED_WORDS = frozenset("dad add lost slo los nub sue use tao oat uin".split())
_WORD = re.compile(r"\$?[A-Za-z0-9][A-Za-z0-9.]*")
_RELATION = re.compile(r"\blinks?\s+(between|with|to)\b|\b(a|any|is there)\s+link\b", re.I)


@cache
def names() -> dict[str, str]:
    """Lower-case symbol, name or nickname → symbol."""
    table: dict[str, str] = {}
    assets: dict[str, list[str]] = json.loads(resource("assets.json").read_text("utf-8"))
    for symbol, aliases in assets.items():
        table[symbol.lower()] = symbol
        for alias in aliases:
            table[alias] = symbol
    return table


@cache
def _long_names() -> tuple[str, ...]:
    return tuple(name for name in names() if len(name) >= 6 and " " not in name)


def find_assets(text: str, owned: Iterable[str] = ()) -> list[Mention]:
    """All assets named in `text`.

    owned: symbols in the user's portfolio; unknown symbols are recognised from it, and
    symbols that are also words are trusted more readily.
    """
    own = {symbol.lower(): symbol for symbol in owned}
    found: list[Mention] = []
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        for length in (3, 2):
            if index + length > len(words):
                continue
            last = words[index + length - 1]
            phrase = text[word.start() : last.end()].lower()
            symbol = names().get(phrase)
            if symbol and " " in phrase:
                found.append(Mention("asset", symbol, word.start(), last.end()))
        symbol = _single(word.group(), own)
        if symbol and not (symbol == "LINK" and _is_relation(text, word)):
            found.append(Mention("asset", symbol, word.start(), word.end()))
    if not found:
        found = likely_assets(text)
    return found


def likely_assets(text: str) -> list[Mention]:
    """Everyday words that name an asset if a question needs one more ("link and maker")."""
    return [
        Mention("asset", names()[word.group().lower()], word.start(), word.end())
        for word in _WORD.finditer(text)
        if word.group().lower() in _LIKELY and not _is_relation(text, word)
    ]


def _is_relation(text: str, word: re.Match[str]) -> bool:
    """Whether "link" is the everyday noun, as in "is there a link between…"."""
    if word.group().isupper():
        return False
    return any(m.start() <= word.start() < m.end() for m in _RELATION.finditer(text))


def _single(word: str, own: dict[str, str]) -> str | None:
    marked = word.startswith("$")
    bare = word.lstrip("$").rstrip(".")
    lower = bare.lower()
    if not lower or lower.isdigit():
        return None
    for form in (lower, lower.removesuffix("'s"), lower.removesuffix("s")):
        if form in own and (form not in _NEVER_LOWER or bare.isupper() or marked):
            return own[form]
        symbol = names().get(form)
        if symbol is None or (len(form) < 2 or (form != lower and len(form) < 3)):
            continue
        if form in _EVERYDAY and not (bare.isupper() or marked or _is_title_name(bare, form)):
            continue
        return symbol
    return _misspelt(lower, own)


def _is_title_name(word: str, form: str) -> bool:
    """Whether an everyday word is written like a name ("Maker"), not a symbol's letters."""
    return word.istitle() and form in _LIKELY


def _misspelt(word: str, own: dict[str, str]) -> str | None:
    if len(word) in (3, 4) and word not in _EVERYDAY | _SWAPPED_WORDS:
        for name, symbol in own.items():  # two letters swapped, as in "eht"
            if sorted(name) == sorted(word) and distance(word, name, 1) == 1:
                return symbol
    if len(word) < 6 or word in _NOT_A_TYPO or not word.isalpha():
        return None
    limit = 1 if len(word) < 8 else 2
    best = min(
        (
            (distance(word, name, limit), name)
            for name in _long_names()
            if name[0] == word[0] and abs(len(name) - len(word)) <= 1
        ),
        default=(limit + 1, ""),
    )
    return names()[best[1]] if best[0] <= limit else None

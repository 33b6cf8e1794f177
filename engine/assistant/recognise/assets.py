"""Finds assets: symbols, names, nicknames, common misspellings."""

import json
import re
from collections.abc import Iterable
from functools import cache

from engine.assistant.recognise.asset_words import (
    EVERYDAY,
    LIKELY,
    NEVER_LOWER,
    NOT_A_TYPO,
    SWAPPED_WORDS,
    is_coin_after_all,
    is_no_coin,
)
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.spelling import distance
from engine.core.resources import resource

_WORD = re.compile(r"\$?[A-Za-z0-9][A-Za-z0-9.]*")


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
    shouted = not any(letter.islower() for letter in text) and len(words) > 3
    for index, word in enumerate(words):
        for length in (3, 2):
            if index + length > len(words):
                continue
            last = words[index + length - 1]
            phrase = text[word.start() : last.end()].lower().rstrip(".")
            symbol = (names().get(phrase) or _split_name(phrase)) if " " in phrase else None
            if symbol and not is_no_coin(text, phrase, word.start(), last.end()):
                found.append(Mention("asset", symbol, word.start(), last.end()))
        symbol = _single(text, word, own, shouted)
        if symbol:
            found.append(Mention("asset", symbol, word.start(), word.end()))
    if not found:
        found = likely_assets(text)
    return found


def _split_name(phrase: str) -> str | None:
    """The symbol of a long name written as two words ("lite coin")."""
    name = phrase.replace(" ", "")
    return names().get(name) if name in _long_names() and phrase.count(" ") == 1 else None


def likely_assets(text: str) -> list[Mention]:
    """Everyday words that name an asset if a question needs one more ("link and maker")."""
    return [
        Mention("asset", names()[word.group().lower()], word.start(), word.end())
        for word in _WORD.finditer(text)
        if word.group().lower() in LIKELY
        and not is_no_coin(text, word.group().lower(), word.start(), word.end())
    ]


def _single(text: str, word: re.Match[str], own: dict[str, str], shouted: bool) -> str | None:
    """The symbol a single word stands for.

    shouted: the whole text is in capitals, which are no sign then.
    """
    marked = word.group().startswith("$")
    bare = word.group().lstrip("$").rstrip(".")
    lower = bare.lower()
    if not lower or lower.isdigit():
        return None
    capitals = marked or (bare.isupper() and not shouted)
    for form in (lower, lower.removesuffix("'s"), lower.removesuffix("s")):
        if form in own and (form not in NEVER_LOWER or capitals):
            return None if is_no_coin(text, form, word.start(), word.end()) else own[form]
        symbol = names().get(form)
        if symbol is None or (len(form) < 2 or (form != lower and len(form) < 3)):
            continue
        if is_no_coin(text, form, word.start(), word.end()):
            return None
        sure = capitals or form not in EVERYDAY or (bare.istitle() and form in LIKELY)
        if not sure and not is_coin_after_all(text, form, word.start()):
            continue
        return symbol
    return _misspelt(lower, own)


def _misspelt(word: str, own: dict[str, str]) -> str | None:
    if len(word) in (3, 4) and word not in EVERYDAY | SWAPPED_WORDS:
        for name, symbol in own.items():  # two letters swapped, as in "eht"
            if sorted(name) == sorted(word) and distance(word, name, 1) == 1:
                return symbol
    if len(word) < 6 or word in NOT_A_TYPO or not word.isalpha():
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

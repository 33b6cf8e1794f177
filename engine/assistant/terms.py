"""Which term a question asks to have explained."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from engine.assistant.recognise.assets import names
from engine.assistant.recognise.correct import lexicon
from engine.assistant.recognise.spelling import distance

_WORD = re.compile(
    r"\d+/\d+|[^\s_\-–—,;:!?()\[\]{}\"“”<>…/.=]+(?:[.=][^\s_\-–—,;:!?()\"“”<>…/.=]+)*"
)
_LONGEST = 6  # words of a name in the glossary
_STORY = 12  # words from which on a text is a story
_FUZZY = 8  # letters from which a name may have one slip
_CUES = (
    r"\b(?:what|wat|wut|wot)(?:'s|s| is| are| was| were| does| do| means?)?"
    r"(?: the (?:heck|hell|fuck)| on earth)?|define|definition of|meaning of|idea behind|"
    r"explain(?:ed|s)?(?: to me| me)?|tell me about|how (?:do|does|is|are)|describe|clarify|"
    r"understand|wtf is|wth is|eli5|(?:don'?t|dont) (?:get|understand)|teach me|learn about|"
    r"refresher on|intro to|basics of|gist of|notes on|point of|deal with|idea of|concept of|"
    r"difference between|about|term|word|words|called|yelling|shouting|saying|says?|said|mentions?|"
    r"mentioned|of|by|mean by|decode|demystify|unpack|summarise|summarize|look up|man|help|"
    r"glossary|dictionary|wiki"
)
_ASK = re.compile(
    rf"(?:{_CUES})\b[\s:]+"
    r"(?:(?:exactly|actually|even|is|are|does|do|the|a|an|concept of|idea of|term|word|words|about|"
    r"this|these|those|so[\s-]called|meant by|to me|what|mean(?:ing)? of|it|on and on|entry for|"
    r"for)\s+)*"
    r"[\"'“‘]?(?P<term>[A-Za-z0-9][\w\s/&%.-]*?)[\"'”’]?"
    r"(?=\s+(?:means?|meaning|works?|stands?|is|are|in|like i|like im|"
    r"for (?:an? )?(?:beginner|dummies|noob|me)|to (?:me|an?|my)|at me|at (?:dinner|breakfast)|"
    r"please|pls|plz|again|anyway|everywhere|exactly|actually|and (?:why|how|what|i|have|every)|"
    r"when|if|or what|because|but|supposed|used|all about|thing|stuff|business|without|compared|"
    r"whats?|wats?|that)\b|\s*[?!,;:)]|\s*\.(?!\w)|\s*$)",
    re.I,
)
_FILLER = re.compile(
    r"^(?:the|a|an|this|that|these|those|my|some|exactly|actually|is|are|even|so|about|of|explain|"
    r"define|meaning|your)\s+|"
    r"\s+(?:means?|meaning|works?|is|are|thing|stuff|please|pls|plz|exactly|actually|explain|"
    r"explained|again|now|definition|in crypto|in defi|what|at me)$",
    re.I,
)
# Words that are no term, and words that never begin or make one.
_EMPTY = frozenset(
    "now pls please it that this what is me heck explain define meaning word those these them "
    "they he she i you we one ones all things everything something that's about idea clue mean "
    "on earth really simply plain exactly concept acronym expression sense kind animal here of "
    "asks jargon english business term terms name abbreviation".split()
)
_NO_START = re.compile(
    r"^(?:twice|double|half|triple|same|more|less|much|many|how|why|when|where|who|if|i|you|we|he|"
    r"she|they|in|it|itself|themselves|my|our|your|to|on|with|for|up|down|last|next|today|yesterday|tomorrow)\b|"
    r"^\d+(?:[.,]\d+)?\s?%?$",
    re.I,
)
# Names in the glossary that are ordinary words as well: a term only if they are asked for.
_EVERYDAY = frozenset(
    "future futures option options short gain gains loss losses profit interest volume float "
    "spread peer risk risks return returns growth performance price quote holding holdings bag "
    "position weight weights alert alerts support correction moon exposure treasury benchmark "
    "bond epoch timestamp sale contract transfer transaction transactions batch address "
    "portfolio investments crypto coin coins token tokens exchange bull bear hype share lock "
    "unlock burn burning mint minting pool pools farm farming margin lot unit snapshot node "
    "vault convert swap trade peg floor seed dust noise signature tx confirmation confirmations "
    "privacy disclaimer backup block blocks network deposit withdrawal stake staked yield "
    "quorum guardian delegate allocation correlated volatile market spot audit collateral "
    "dividend recession inflation web3 web trillion breakout resistance alpha beta moonbag rate "
    "dispose cliff issuance".split()
)


@dataclass(frozen=True, slots=True)
class _Named:
    """A name of the glossary found in a text: how it is written there, and where."""

    said: str
    key: str
    start: int
    end: int


def find_terms(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Candidate terms, best first, in the words of the text.

    A name of the glossary inside what is asked for comes first, then what is asked for itself if
    it is no ordinary phrase, then names elsewhere in the text. In a story, coins and ordinary words
    that happen to be in the glossary come last,
    the latter only if they are asked for.
    known: lower-case titles and aliases of the knowledge base.
    """
    lower = re.sub(r"[\s_]+", " ", text.lower()).replace("’", "'")
    keys = _keys(tuple(known))
    story = len(lower.split()) > _STORY
    common = _EVERYDAY | _coins() if story else _EVERYDAY
    named = _without_overlaps(_named(lower, keys))
    asked = [_widened(lower, span, named) for span in _asked(lower)]
    phrases = [lower[a:b] for a, b in asked]
    inside = [n for n in named if any(a <= n.start and n.end <= b for a, b in asked)]
    unknown = [p for p in phrases if not any(n.said in p for n in inside)]
    everyday = [n.said for n in (inside if story else named) if n.key in common]
    best = [p for p in phrases if _is_pair(p, keys)]
    best += [
        n.said for n in inside if (n.start, n.end) in asked and not (story and n.key in common)
    ]
    best += [n.said for n in inside if n.key not in common]
    best += [p for p in phrases if closest(term_key(p), keys)]
    best += [p for p in unknown if not all(word in lexicon() for word in p.split())]
    best += [n.said for n in named if n.key not in common]
    best += [*everyday, *unknown] if story else [*unknown, *everyday]
    return tuple(dict.fromkeys(best))


@cache
def _coins() -> frozenset[str]:
    return frozenset(map(term_key, names()))


@lru_cache(maxsize=1 << 14)
def term_key(name: str) -> str:
    """A name without spaces, hyphens, plural and British spelling, to compare names by."""
    return "".join(_plain(match.group()) for match in _WORD.finditer(name.lower()))


def _plain(word: str) -> str:
    word = word.strip("'*").removesuffix("'s")
    word = re.sub(r"is(e|ed|er|ers|es|ing|ation|ations)$", r"iz\1", word) if len(word) > 5 else word
    word = re.sub(r"(?<=cent)re(?=d?$)", "er", word)
    if len(word) > 4 and word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=4)
def _keys(known: tuple[str, ...]) -> frozenset[str]:
    return frozenset(key for key in map(term_key, known) if key)


def _named(text: str, keys: frozenset[str]) -> Iterator[_Named]:
    """All names of the glossary in `text`."""
    words = list(_WORD.finditer(text))
    for first in range(len(words)):
        key = ""
        for last in range(first, min(first + _LONGEST, len(words))):
            key += _plain(words[last].group())
            if key in keys and not (last > first and len(key) <= len("ido")):  # "I do" is no IDO
                start, end = words[first].start(), words[last].end()
                said = text[start:end].strip("'").removesuffix("'s")
                yield _Named(said, _plain(said) if last == first else key, start, end)


def _without_overlaps(named: Iterator[_Named]) -> list[_Named]:
    """Longest first."""
    kept: list[_Named] = []
    for name in sorted(named, key=lambda n: (n.start - n.end, n.start)):
        if all(name.end <= k.start or name.start >= k.end for k in kept):
            kept.append(name)
    return kept


def _asked(text: str) -> Iterator[tuple[int, int]]:
    """Where the text says what it wants explained; a short text may be nothing else."""
    found = False
    place = 0
    while match := _ASK.search(text, place):
        place = max(match.start() + 1, match.start("term"))
        found = True
        span = _trimmed(text, match.start("term"), match.end("term"))
        if span:
            yield span
    if not found and 1 <= len(text.strip(" ?!.").split()) <= 4:
        start = len(text) - len(text.lstrip(" ?!.\"'"))
        span = _trimmed(text, start, len(text.rstrip(" ?!.\"'")))
        if span:
            yield span


def _widened(text: str, span: tuple[int, int], named: Sequence[_Named]) -> tuple[int, int]:
    """The span with all of the name it ends in, and the second name of a comparison."""
    start, end = span
    end = max([end, *(n.end for n in named if start <= n.start < end)])
    joined = re.match(r"\s(?:and|vs\.?|versus|or)\s(?:the |an? )?", text[end:])
    if joined and re.search(r"\b(?:difference|compar\w+|versus|vs|between)\b", text):
        end = max([end, *(n.end for n in named if n.start == end + joined.end())])
    return start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without filler, if a term is left."""
    while match := _FILLER.search(text[start:end]):
        start, end = (
            (start + match.end(), end) if match.start() == 0 else (start, start + match.start())
        )
    term = text[start:end]
    most = 9 if re.search(r"\s(?:and|or|vs|versus)\s", term) else 5  # words; two names together
    if not term.strip() or term != term.strip() or len(term.split()) > most:
        return None
    if term in _EMPTY or _NO_START.search(term):
        return None
    return start, end


def _is_pair(phrase: str, keys: frozenset[str]) -> bool:
    """Whether two names are asked for together ("apr and apy")."""
    parts = re.split(r"\s(?:and|vs\.?|versus|or)\s(?:the |an? )?", phrase)
    return len(parts) == 2 and all(term_key(part) in keys for part in parts)


def closest(key: str, keys: Collection[str]) -> str:
    """The long name one slip from `key`, or ""."""
    if len(key) < _FUZZY:
        return ""
    near = (k for k in keys if abs(len(k) - len(key)) <= 1 and k[0] == key[0])
    return next((k for k in near if distance(key, k, 1) == 1), "")

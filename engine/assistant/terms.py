"""Which term a question asks to have explained."""

import re
from collections.abc import Sequence

_ASK = re.compile(
    r"(?:(?:what|wat|wut|wot)(?:'s|s| is| are| does| do)?(?: the (?:heck|hell|fuck))?|define|"
    r"definition of|meaning of|explain(?: to me)?|"
    r"tell me about|how (?:do|does)|describe|clarify|understand|wtf is|eli5|"
    r"(?:don'?t|dont) (?:get|understand)|teach me|learn about|about|of|by|term|word|mean by)\s+"
    r"(?:(?:exactly|actually|even|is|are|does|do|the|a|an|concept of|idea of|term|word|about|"
    r"this|these|so[\s-]called|meant by|to me|what|mean(?:ing)? of)\s+)*"
    r"[\"'“‘]?(?P<term>[A-Za-z0-9][\w\s/&-]*?)[\"'”’]?"
    r"(?=\s+(?:mean|means|work|works|stand|stands|is|are|in (?:crypto|defi|plain|simple|simpel|"
    r"easy|"
    r"finance|trading|english|layman)|like i|like im|for (?:a )?(?:beginner|dummies|noob|me)|"
    r"to (?:me|a)|"
    r"please|pls|plz|again|anyway|exactly|actually|and (?:why|how|what)|when|if|or|because|"
    r"supposed|called|used|all about|thing|stuff)\b|\s*[?!.,;:)]|\s*$)",
    re.I,
)
_FILLER = re.compile(
    r"^(?:the|a|an|this|that|my|some|exactly|actually|is|are|even|so|about|of|explain|define|meaning)\s+|"
    r"\s+(?:mean|means|meaning|work|works|is|are|thing|stuff|please|pls|plz|exactly|actually|explain|"
    r"explained|again|now|definition|in crypto|in defi)$",
    re.I,
)

_EMPTY = frozenset(
    [
        "now",
        "pls",
        "please",
        "it",
        "that",
        "this",
        "what",
        "is",
        "me",
        "heck",
        "explain",
        "define",
        "meaning",
        "word",
    ]
)


def find_terms(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Candidate terms, best first: known ones named in `text` (longest first), then its wording.

    known: lower-case titles and aliases of the knowledge base.
    """
    lower = re.sub(r"[\s_]+", " ", text.lower())
    named = []
    for term in known:
        if term not in lower:  # most are not: compiling a thousand expressions takes 70 ms
            continue
        at = re.search(rf"(?<![\w]){re.escape(term)}(?:s|es|'s)?(?![\w])", lower)
        if at:
            said = lower[at.start() : at.end()].removesuffix("'s")
            named.append((at.end() - at.start(), said, at.start(), at.end()))
    named.sort(key=lambda item: -item[0])
    kept: list[tuple[int, int, str]] = []
    for _, term, start, end in named:
        if all(end <= s or start >= e for s, e, _ in kept):
            kept.append((start, end, term))
    terms = [term for _, _, term in kept]
    asked = _asked(lower)
    if asked:
        inside = [t for t in terms if t in asked or asked in t]
        if inside:
            return tuple(dict.fromkeys([*inside, *terms]))
        return tuple(dict.fromkeys([asked, *terms]))
    return tuple(terms)


def _asked(text: str) -> str | None:
    match = _ASK.search(text)
    if not match:
        words = text.strip(" ?!.").split()
        if not 1 <= len(words) <= 4:
            return None
    term = match["term"].strip() if match else text.strip(" ?!.")
    while True:
        shorter = _FILLER.sub("", term).strip()
        if shorter == term:
            break
        term = shorter
    return term if 1 <= len(term.split()) <= 5 and term not in _EMPTY else None

"""Several tokens in one text: each name at the head of what is said of it, or JSON objects."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Row = Mapping[str, str]

_NAMED = frozenset(("name", "token", "symbol", "address"))
# What is said of a token is often headed by a word of its own: "Team: anonymous".
_TITLES = frozenset(
    "address age apr apy audit audited audits bad burn buy chain chart claims code cons contract "
    "description dev developer developers devs distribution experience founder founders gains "
    "good holder holders honeypot info kyc launch launched launches liquidity lock locked lp "
    "marketing mint mintable name network note notes owner ownership pausable pause price promise "
    "promises pros proxy question red report reports returns rewards risk risks roadmap scam "
    "security sell signs summary supply symbol tax taxes team telegram text their these this "
    "tokenomics tokens top transparency tvl twitter upgradable upgradeable volume wallets warning "
    "warnings website yield yields".split()
)
_ADDRESS = r"(?:\s*[(\[](?P<{}>[^()\[\]\n]{{1,80}})[)\]])?"
_MARK = r"\s*(?::|[-\u2013\u2014](?=\s))"
_MOST_WORDS = 4  # of a name
# "Token A" anywhere at the head of a clause; in small letters only with a mark behind it.
_TOKEN = (
    r"(?P<token>(?:\b[Tt]oken|TOKEN) \$?[A-Z0-9]{1,12})\b" + _ADDRESS.format("at") + f"(?:{_MARK})?"
    r"|(?P<small>\btoken \$?[a-z0-9]{1,12})\b" + _ADDRESS.format("by") + _MARK
)
# "Moon Inu (0x12…): …" at the head of a line.
_LINE = (
    r"(?m:^[ \t]*(?:[-*\u2022]\s+|\d{1,3}[.)]\s+)?)(?P<line>[$A-Z0-9][\w$.&' ]{0,39}?)"
    + _ADDRESS.format("on") + _MARK
)  # fmt: skip
_FORM = r"(?m:^[ \t]*(?:[Nn]ame|[Tt]oken):[ \t]*(?P<form>\S[^\n]{0,59}))"
_HEAD = re.compile(f"{_FORM}|{_TOKEN}|{_LINE}")
_OBJECT = re.compile(r"\{[^{}]{1,20000}\}")
_AT = re.compile(r"(?im)^\s*(?:address|contract):\s*(\S+)[^\S\n]*$")


@dataclass(frozen=True, slots=True)
class Several:
    """rows: the tokens as rows with a name. before: what stands in front of the first of them."""

    rows: tuple[Row, ...]
    before: str = ""


def several(text: str) -> Several | None:
    """The tokens of a text that names two or more, in its order, else None.

    Written as "Token A: …", as "Name (address): …" or "Name: …" on lines of their own, or as JSON
    objects. All that is said under a name belongs to it.
    """
    objects = _objects(text)
    if objects:
        return Several(objects)
    heads = list(_heads(text))
    if not heads:
        return None
    said: dict[str, tuple[str, str, list[str]]] = {}
    ends = [head.start() for head, _, _ in heads[1:]] + [len(text)]
    for (head, name, address), end in zip(heads, ends, strict=True):
        part = text[head.end() : end].strip(" \t\n,;-\u2013\u2014")
        known, at, parts = said.get(name.lower(), (name, "", []))
        found = _AT.search(part)
        at = at or address or (found[1] if found else "")
        said[name.lower()] = (known, at, [*parts, _AT.sub("", part).strip()])
    if len(said) < 2:
        return None
    rows = tuple(
        {"name": name, "address": address, "description": "\n".join(filter(None, parts))}
        for name, address, parts in said.values()
    )
    return Several(rows, text[: heads[0][0].start()].strip())


def _heads(text: str) -> Iterator[tuple[re.Match[str], str, str]]:
    for head in _HEAD.finditer(text):
        groups = head.groupdict()
        name = next(one for key in ("form", "token", "small", "line") if (one := groups[key]))
        words = set(re.findall(r"\w+", name.lower()))
        if groups["line"] and (words & _TITLES or len(words) > _MOST_WORDS):
            continue
        address = next((one for key in ("at", "by", "on") if (one := groups[key])), "")
        yield head, name.strip(), address.strip()


def _objects(text: str) -> tuple[Row, ...]:
    found = []
    for part in _OBJECT.findall(text):
        try:
            body = json.loads(part)
        except ValueError:
            continue
        if _NAMED & {str(key).strip().lower() for key in body}:
            found.append({str(k): "" if v is None else str(v) for k, v in body.items()})
    return tuple(found)

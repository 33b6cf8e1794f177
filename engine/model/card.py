"""The front matter of a model card (README.md): a small, strict part of YAML.

Read are `key: text`, `key: [text, …]` and `key:` with `- text` lines, quoted or not. What else YAML
has (objects, blocks of text, references) is left out key by key, so that nothing in a card can grow
or surprise: every value is text that stands in it.
"""

import json
import re
from collections.abc import Mapping

LARGEST = 64 << 10  # bytes of a card that are read; its front matter has to end within
LONGEST = 4 << 10  # characters of a text
MOST = 256  # texts of a list

Value = str | tuple[str, ...]

_KEY = re.compile(r"""(['"]?)([A-Za-z_][\w.-]*)\1:(?:\s+(.*))?""")
_DOUBLE, _SINGLE = r'"(?:[^"\\]|\\.)*"', r"'(?:[^']|'')*'"
_QUOTED = re.compile(rf"({_DOUBLE}|{_SINGLE})(?:\s+#.*)?")
_LIST = re.compile(r"\[(.*)\](?:\s+#.*)?")
_ITEM = re.compile(rf"\s*((?:{_DOUBLE}|{_SINGLE})\s*|[^\s,\[\]{{}}\"'#][^,\[\]{{}}]*)(,|$)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_NOT_PLAIN = tuple("[]{},&*!|>%@`\"'#")
_NOTHING = ("", "~", "null", "Null", "NULL")


def read_card(data: bytes) -> Mapping[str, Value]:
    """Key → text or texts, of what is understood; of a key that appears twice the last."""
    text = data[:LARGEST].decode("utf-8", errors="replace").removeprefix("\ufeff")
    lines = [line.rstrip() for line in text.replace("\t", "  ").split("\n")]
    if lines[0] != "---" or "---" not in lines[1:]:
        return {}
    found: dict[str, Value | None] = {}
    key, rest = "", [""]
    for line in [*lines[1 : lines.index("---", 1)], "end:"]:  # so that the last key is stored too
        if not line or line.startswith((" ", "-", "#")):
            rest.append(line.strip())
            continue
        found[key] = _value(rest)
        match = _KEY.fullmatch(line)
        key, rest = (match[2], [match[3] or ""]) if match else ("", [""])
    return {key: value for key, value in found.items() if key and value}


def licence(card: Mapping[str, Value]) -> str:
    """The licence for people: its identifier, or its own name where that is "other"; "" if none."""
    named = card.get("license", "")
    if named == "other":
        named = card.get("license_name", named)
    return named if isinstance(named, str) else ", ".join(named)


def _value(lines: list[str]) -> Value | None:
    """The value whose lines these are, without indentation; None if it is not understood."""
    first, *more = lines
    more = [line for line in more if line and not line.startswith("#")]
    if first.startswith("["):
        return _flow(" ".join([first, *more]))
    if not _COMMENT.sub("", first) and more and all(line.startswith("- ") for line in more):
        return _texts([_scalar(line[2:]) for line in more])
    return _scalar(" ".join([first, *more]))


def _flow(text: str) -> tuple[str, ...] | None:
    whole = _LIST.fullmatch(text)
    if not whole:
        return None
    inner, at, items = whole[1].rstrip().removesuffix(","), 0, []
    while at < len(inner):
        match = _ITEM.match(inner, at)
        if not match:
            return None
        items.append(_scalar(match[1]))
        at = match.end()
    return _texts(items)


def _texts(items: list[str | None]) -> tuple[str, ...] | None:
    whole = tuple(item for item in items if item)
    return whole if len(whole) == len(items) <= MOST else None


def _scalar(text: str) -> str | None:
    text = text.strip()
    if match := _QUOTED.fullmatch(text):
        text = _unquoted(match[1])
    else:
        text = _COMMENT.sub("", text)
        special = text.startswith(_NOT_PLAIN) or text.startswith(("- ", "? ", ": "))
        if special or ": " in text or text.endswith(":") or text in _NOTHING:
            return None
    return text if len(text) <= LONGEST and text.isprintable() else None


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    try:
        return str(json.loads(text))
    except ValueError:  # escapes that only YAML has
        return ""

"""Builds texts in GBNF, llama.cpp's language for grammars."""

import json
from collections.abc import Iterable, Iterator

MAX_RULES = 4000
MAX_LENGTH = 512 << 10  # characters of a grammar
CHUNK = 64  # repetitions written as such; more of them are nested

# White space as models write JSON: none, one space, or a line and its indentation.
SPACE = 'ws ::= "" | " " | "\\n" [ \\t]{0,16}'
# A character of a JSON string; \u escapes name no half of a surrogate pair.
CHARACTER = (
    'char ::= [^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | "u" '
    "([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))"
)


class GrammarError(ValueError):
    """A schema that cannot be enforced; the message names the part of it."""


def literal(text: str) -> str:
    """A GBNF literal that stands for exactly this text."""
    return '"' + "".join(_escaped(letter, '"\\') for letter in text) + '"'


def char_class(letters: Iterable[tuple[str, str]], negated: bool = False) -> str:
    """A GBNF class of characters, given as ranges (first, last)."""
    out = ""
    for first, last in letters:
        out += _escaped(first, "[]\\-^")
        out += "" if first == last else "-" + _escaped(last, "[]\\-^")
    return f"[{'^' if negated else ''}{out}]"


def _escaped(letter: str, special: str) -> str:
    code = ord(letter)
    if letter in special or code < 0x20 or code == 0x7F:
        return f"\\x{code:02X}"
    return letter


def json_text(value: object) -> str:
    """A JSON value as the grammars write it; GrammarError for a number that JSON has not."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise GrammarError(f"{value!r} cannot be written as JSON") from error


class Rules:
    """The rules of a grammar in the making."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}
        self._length = 0
        self._numbers = iter(range(1, MAX_RULES + 1))

    def add(self, body: str, name: str = "") -> str:
        """Add a rule and return its name; without one a short one is made up."""
        name = name or self.reserve()
        self._rules[name] = body
        self._length += len(body) + len(name) + 6
        if self._length > MAX_LENGTH:
            raise GrammarError("the schema is too large")
        return name

    def reserve(self) -> str:
        """A name for a rule that is added later."""
        number = next(self._numbers, None)
        if number is None:
            raise GrammarError("the schema is too large")
        return f"r{number}"

    def shared(self, name: str, body: str) -> str:
        """A rule that is the same wherever it is used."""
        if name not in self._rules:
            self.add(body, name)
        return name

    def character(self) -> str:
        """The rule for one character of a JSON string."""
        name, body = CHARACTER.split(" ::= ", 1)
        return self.shared(name, body)

    def space(self) -> str:
        """The rule for white space."""
        name, body = SPACE.split(" ::= ", 1)
        return self.shared(name, body)

    def repeated(self, item: str, least: int, most: int | None) -> str:
        """An expression for `least` to `most` (None: any number) times a rule or group.

        Large numbers are nested, since the library refuses to count far; each nesting leaves only
        two ways to go on, so that matching stays fast.
        """
        if most is not None and most < least:
            raise GrammarError("a length has its least above its most")
        parts = [self._exactly(item, least)] if least else []
        if most is None:
            parts.append(f"{item}*")
        elif most > least:
            parts.append(self._at_most(item, most - least))
        return " ".join(parts) or '""'

    def _exactly(self, item: str, count: int) -> str:
        if count <= CHUNK:
            return item if count == 1 else f"{item}{{{count}}}"
        whole, rest = divmod(count, CHUNK)
        chunk = self.add(f"{item}{{{CHUNK}}}")
        return self._exactly(chunk, whole) + (" " + self._exactly(item, rest) if rest else "")

    def _at_most(self, item: str, count: int) -> str:
        if count <= CHUNK:
            return f"{item}?" if count == 1 else f"{item}{{0,{count}}}"
        whole, rest = divmod(count, CHUNK)
        chunk = self.add(f"{item}{{{CHUNK}}}")
        less = f"{item}{{0,{CHUNK - 1}}}"
        name = self.add(f"{item}{{0,{rest}}}" if rest else '""')
        for _ in range(whole):
            name = self.add(f"{chunk} {name} | {less}")
        return name

    def until(self, mark: str, prefix: str, then: str = '""', may_end: bool = False) -> str:
        """The name of a rule for any text up to and including the first `mark`, and what follows.

        prefix: of its rules' names, one for each mark; then: an expression for what follows;
        may_end: the text may also end without the mark.
        """
        names = [f"{prefix}-{index}" for index in range(len(mark) + 1)]
        if names[0] in self._rules:
            return names[0]
        self.add(then, names[-1])
        letters = sorted(set(mark))
        others = char_class(((letter, letter) for letter in letters), negated=True)
        for index in range(len(mark)):
            ways = ['""'] if may_end else []
            ways.append(f"{others} {names[0]}")
            for letter in letters:
                ways.append(f"{literal(letter)} {names[_fallback(mark, mark[:index] + letter)]}")
            self.add(" | ".join(ways), names[index])
        return names[0]

    def lines(self) -> Iterator[str]:
        """The rules as text."""
        for name, body in self._rules.items():
            yield f"{name} ::= {body}"

    def text(self, root: str) -> str:
        """The grammar that begins with an expression; GrammarError for half a character in it."""
        text = "\n".join([f"root ::= {root}", *self.lines(), ""])
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise GrammarError("the schema has half a character (a lone surrogate)")
        return text


def _fallback(mark: str, text: str) -> int:
    """The length of the longest end of `text` that `mark` begins with."""
    return next(n for n in range(len(text), -1, -1) if mark.startswith(text[len(text) - n :]))

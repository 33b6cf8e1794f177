"""Regular expressions of JSON schemas as GBNF: the part of them that is regular and common."""

import string
from collections.abc import Callable

from engine.model.grammar.gbnf import GrammarError, Rules, char_class, literal

Ranges = list[tuple[str, str]]
_DIGITS: Ranges = [("0", "9")]
_WORD: Ranges = [("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")]
_SPACES: Ranges = [(" ", " ")]  # \s: most other white space is an escape inside JSON strings
_ANY_SPACES: Ranges = [  # what \S and [^\s] leave out
    *((one, one) for one in " \x85\xa0\u1680\u202f\u205f\u3000\ufeff"),
    ("\u2000", "\u200a"),
    ("\u2028", "\u2029"),
]
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACES}
_NEGATED_CLASSES = {**_CLASSES, "s": _ANY_SPACES}
_MAX_REPEAT = 1000
# What cannot stand in a JSON string as it is.
_UNWRITABLE: Ranges = [("\x00", "\x1f"), ('"', '"'), ("\\", "\\"), ("\x7f", "\x7f")]


def pattern_body(pattern: str, rules: Rules, plain: str) -> str:
    """An expression for the inside of a JSON string that matches a pattern.

    plain: the rule for a character before and after a pattern without ^ or $. Raises GrammarError
    naming what is not supported: look-around, back-references, \\b, \\p, lazy repetition, and
    control characters.
    """
    anchored = pattern.startswith("^")
    before_end = pattern.removesuffix("$")
    backslashes = len(before_end) - len(before_end.rstrip("\\"))
    ended = before_end != pattern and backslashes % 2 == 0
    inner = pattern[anchored : len(pattern) - ended]
    if "|" in inner and (anchored or ended) and not (anchored and ended and _grouped(inner)):
        raise _unsupported("an alternative beside ^ or $", pattern)
    body = _Parser(inner, rules).parse()
    before = "" if anchored else f"{plain}* "
    return f"{before}{body}" + ("" if ended else f" {plain}*")


def _grouped(inner: str) -> bool:
    """Whether every | stands inside a group or class."""
    depth = 0
    index = 0
    while index < len(inner):
        if inner[index] == "\\":
            index += 1
        elif inner[index] in "([":
            depth += 1
        elif inner[index] in ")]":
            depth -= 1
        elif inner[index] == "|" and depth <= 0:
            return False
        index += 1
    return True


def _unsupported(what: str, pattern: str) -> GrammarError:
    return GrammarError(f'"pattern" {pattern!r} has {what}, which is not supported')


class _Parser:
    """Takes a pattern apart from left to right."""

    def __init__(self, pattern: str, rules: Rules) -> None:
        self._pattern = pattern
        self._rules = rules
        self._at = 0

    def parse(self) -> str:
        body = self._alternatives(0)
        if self._at < len(self._pattern):
            raise self._error("an unmatched )")
        return body

    def _error(self, what: str) -> GrammarError:
        return _unsupported(what, self._pattern)

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        letter = self._next()
        if not letter:
            raise self._error("no end")
        self._at += 1
        return letter

    def _alternatives(self, depth: int) -> str:
        if depth > 20:
            raise self._error("groups too deep")
        ways = [self._sequence(depth)]
        while self._next() == "|":
            self._at += 1
            ways.append(self._sequence(depth))
        return ways[0] if len(ways) == 1 else f"({' | '.join(ways)})"

    def _sequence(self, depth: int) -> str:
        items = []
        while self._next() not in ("", "|", ")"):
            items.append(self._repeated(self._atom(depth)))
        return " ".join(items) or '""'

    def _repeated(self, atom: str) -> str:
        least, most = self._counts()
        if (least, most) == (1, 1):
            return atom
        if self._next() in ("?", "+", "*") and self._next():
            raise self._error("a lazy or possessive repetition")
        if (least, most) == (0, 1):
            return f"{atom}?"
        return f"({self._rules.repeated(self._rules.add(atom), least, most)})"

    def _counts(self) -> tuple[int, int | None]:
        letter = self._next()
        if letter in ("?", "*", "+") and letter:
            self._at += 1
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[letter]
        if letter != "{":
            return 1, 1
        inner, brace, _ = self._pattern[self._at + 1 :].partition("}")
        first, comma, last = inner.partition(",")
        if not brace or not first.isdecimal() or not (last.isdecimal() or not last):
            raise self._error("a { that is no repetition")
        self._at += len(inner) + 2
        least = int(first)
        most = least if not comma else int(last) if last else None
        if max(least, most or 0) > _MAX_REPEAT:
            raise self._error(f"more than {_MAX_REPEAT} repetitions")
        return least, most

    def _atom(self, depth: int) -> str:
        letter = self._take()
        if letter == "(":
            if self._next() == "?":
                if self._pattern[self._at : self._at + 2] != "?:":
                    raise self._error("a (?…) group")
                self._at += 2
            body = self._alternatives(depth + 1)
            if self._take() != ")":
                raise self._error("no )")
            return f"({body})"
        if letter == "[":
            return self._class()
        if letter == ".":
            return _written([], True)
        if letter == "\\":
            return self._escape()
        if letter < " " or letter == "\x7f":
            raise self._error("a control character")
        if letter in "^$*+?{":
            raise self._error(f"a {letter} in this place")
        return literal({'"': '\\"'}.get(letter, letter))

    def _escape(self) -> str:
        letter = self._take()
        if letter in _CLASSES:
            return _written(_CLASSES[letter], False)
        if letter.lower() in _CLASSES:
            return _written(_NEGATED_CLASSES[letter.lower()], True)
        return _written([(self._escaped(letter),) * 2], False)

    def _escaped(self, letter: str) -> str:
        """The character that \\letter stands for."""
        if letter in "ux":
            length = 4 if letter == "u" else 2
            digits = self._pattern[self._at : self._at + length]
            if len(digits) != length or not set(digits) <= set(string.hexdigits):
                raise self._error(f"\\{letter} without {length} digits")
            self._at += length
            letter = chr(int(digits, 16))
        elif letter.isalnum():
            raise self._error(f"\\{letter}")
        if letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff":
            raise self._error("a control character")
        return letter

    def _class(self) -> str:
        negated = self._next() == "^"
        self._at += negated
        ranges: Ranges = []
        while self._next() != "]" or not (ranges or negated):
            if self._next() == "]":
                raise self._error("an empty class")
            first = self._class_item(negated)
            if isinstance(first, list):
                ranges += first
                continue
            last = first
            if self._next() == "-" and self._pattern[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                end = self._class_item(negated)
                if isinstance(end, list) or end < first:
                    raise self._error("a range out of order")
                last = end
            ranges.append((first, last))
        self._at += 1
        return _written(ranges, negated)

    def _class_item(self, negated: bool) -> str | Ranges:
        letter = self._take()
        if letter != "\\":
            return letter
        letter = self._take()
        if letter in _CLASSES:
            return (_NEGATED_CLASSES if negated else _CLASSES)[letter]
        return self._escaped(letter)


def _written(ranges: Ranges, negated: bool) -> str:
    """The expression for one character of a class as a JSON string spells it."""
    special: Callable[[str], bool] = lambda one: any(a <= one <= b for a, b in ranges)  # noqa: E731
    escapes = [literal("\\" + one) for one in '"\\' if special(one) != negated]
    if negated:
        plain = char_class([*_UNWRITABLE, *ranges], negated=True)
    else:
        parts = [piece for one in ranges for piece in _without_unwritable(*one)]
        plain = char_class(parts) if parts else ""
    ways = [one for one in (plain, *escapes) if one]
    if not ways:
        raise GrammarError('"pattern" has a class of control characters, which is not supported')
    return ways[0] if len(ways) == 1 else f"({' | '.join(ways)})"


def _without_unwritable(first: str, last: str) -> Ranges:
    """A range without what a JSON string cannot hold as it is."""
    pieces = [(ord(first), ord(last))]
    for low, high in _UNWRITABLE:
        bounds = ord(low), ord(high)
        pieces = [
            piece
            for a, b in pieces
            for piece in ((a, min(b, bounds[0] - 1)), (max(a, bounds[1] + 1), b))
            if piece[0] <= piece[1]
        ]
    return [(chr(a), chr(b)) for a, b in pieces]

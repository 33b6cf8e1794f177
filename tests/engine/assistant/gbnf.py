"""Reads the part of GBNF that Assay writes: literals, choices in parentheses, other rules."""

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()|]|\w+|(\S)')
_ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


def derives(grammar: str, text: str) -> bool:
    """Whether the grammar's rule "root" gives exactly this text."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.strip("\n").split("\n"))
    return re.fullmatch(_expression(rules, "root"), text) is not None


def _expression(rules: dict[str, str], name: str) -> str:
    parts = ["(?:"]
    for match in _TOKEN.finditer(rules[name]):
        token = match[0]
        if match[1]:
            raise ValueError(f"not GBNF: {token!r} in {rules[name]!r}")
        if token.startswith('"'):
            parts.append(re.escape(re.sub(r"\\.", lambda m: _ESCAPES[m[0]], token[1:-1])))
        elif token in "()|":
            parts.append("(?:" if token == "(" else token)
        else:
            parts.append(_expression(rules, token))
    return "".join([*parts, ")"])

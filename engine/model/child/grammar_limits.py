"""Recognises grammars that llama.cpp does not survive or spends an age on, before it sees them.

Its reader calls itself for each bracket, and counts from the lesser number up to the other.
"""

import re

MAX_LENGTH = 640 << 10  # characters; those made from schemas have at most 512 Ki
MAX_DEPTH = 1000  # brackets within brackets; at some 20,000 its stack is used up

# What is no rule's structure is passed over: texts, sets of characters, comments, tokens' names.
_PARTS = re.compile(
    r'"(?:\\.|[^"\\])*+"?|\[(?:\\.|[^\]\\])*+\]?|#[^\r\n]*+|<[^>]*+>?|[()]|\{(?P<times>[^}]*+)\}?',
    re.DOTALL,
)
_TIMES = re.compile(r"\s*([0-9]{1,6})\s*(?:,\s*([0-9]{1,6})?\s*)?")


def can_be_read(grammar: str) -> bool:
    """Whether a grammar may be given to llama.cpp; it need not be one."""
    if len(grammar) > MAX_LENGTH:
        return False
    depth = 0
    for part in _PARTS.finditer(grammar):
        match part[0][0]:
            case "(":
                depth += 1
                if depth > MAX_DEPTH:
                    return False
            case ")":
                depth -= 1
            case "{":
                times = _TIMES.fullmatch(part["times"])
                if times is None or (times[2] and int(times[2]) < int(times[1])):
                    return False
    return True

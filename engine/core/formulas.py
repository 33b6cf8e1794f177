"""Texts in CSV files that a spreadsheet must not take for formulas.

A cell that begins with =, +, - or @ can run commands or send data away when a spreadsheet opens the
file; an apostrophe before it makes it text (OWASP, "CSV injection").
"""

_MARK = "'"
_BEGINNINGS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", _MARK)


def guarded(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet could take it for a formula.

    So is a text that begins with an apostrophe, which makes `unguarded` the exact way back.
    """
    return _MARK + text if text.startswith(_BEGINNINGS) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    rest = text.removeprefix(_MARK)
    return rest if text.startswith(_MARK) and rest.startswith(_BEGINNINGS) else text

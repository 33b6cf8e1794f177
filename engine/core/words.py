"""Texts put together from words."""


def capitalised(text: str) -> str:
    """The text as a sentence or a line begins with it: only its first letter is changed."""
    return text[:1].upper() + text[1:]


def counted(count: int, noun: str) -> str:
    """A number before its noun: "1 day", "1,200 days"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

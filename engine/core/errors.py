"""Errors of the user's world, told apart from bugs."""

PRICES_FROM = "Import a price history (CSV), or switch an online source on."
"""What to do where prices are missing: true in the window and in the terminal."""


class KnownError(Exception):
    """Something the user can understand and act on; every other exception is a bug.

    sentence: one plain sentence saying what is wrong.
    hint: what to do about it, or "".
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


class Cancelled(Exception):
    """The user stopped the work: an outcome, not a failure."""

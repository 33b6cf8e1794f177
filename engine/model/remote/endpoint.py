"""A model server on another computer, as the user has named it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that speaks OpenAI's chat interface. url: without "/v1". model: "" until chosen.

    n_ctx: its context in tokens, 0 if it does not tell. may_send_portfolio: whether it may be told
    what the user owns.
    """

    name: str
    url: str
    model: str = ""
    on: bool = False
    may_send_portfolio: bool = False
    has_key: bool = False
    n_ctx: int = 0

    @property
    def source(self) -> str:
        """What its requests are called in the log."""
        return f"endpoint:{self.name}"


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model of a server. n_ctx: its context in tokens, 0 if it does not tell."""

    id: str
    n_ctx: int

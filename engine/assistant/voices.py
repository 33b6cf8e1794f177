"""Who words an answer: the model on this computer, or one on another that the user has named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from engine.assistant.knowledge import Knowledge
from engine.assistant.prompting import bare_text
from engine.model.chat_types import ChatAnswer, ChatModel, ChatRequest, Sampling
from engine.model.templates import PromptMessage


def session_of(chat_id: int) -> str:
    """The model's name for a chat."""
    return f"chat:{chat_id}"


class Voice(Protocol):
    """Words one answer, as often as it is asked to.

    name: of the model; n_ctx: tokens it can look at, 0 = not known.
    """

    name: str
    n_ctx: int

    def speak(self, sampling: Sampling, max_tokens: int) -> ChatAnswer:
        """Begin an attempt."""
        ...


class LocalVoice:
    """The model on this computer, asked this."""

    def __init__(self, chat: ChatModel, request: ChatRequest) -> None:
        loaded = chat.loaded
        self.name = loaded.name if loaded else ""
        self.n_ctx = loaded.n_ctx if loaded else 0
        self._chat = chat
        self._request = request

    def speak(self, sampling: Sampling, max_tokens: int) -> ChatAnswer:
        """As Voice.speak."""
        return self._chat.chat(replace(self._request, sampling=sampling, max_tokens=max_tokens))


@dataclass(frozen=True, slots=True)
class Remote:
    """A model on another computer; may_know: whether it may be told what the user owns."""

    name: str
    chat: ChatModel
    may_know: bool


class RemoteVoice:
    """A model on another computer, told these messages."""

    def __init__(self, remote: Remote, messages: Sequence[PromptMessage], thinking: bool) -> None:
        loaded = remote.chat.loaded
        self.name = f"{loaded.name if loaded else ''} on {remote.name}".strip()
        self.n_ctx = loaded.n_ctx if loaded else 0
        self._chat = remote.chat
        self._messages = tuple(messages)
        self._thinking = thinking

    def speak(self, sampling: Sampling, max_tokens: int) -> ChatAnswer:
        """As Voice.speak."""
        return self._chat.chat(
            ChatRequest(
                self._messages,
                thinking=self._thinking,
                sampling=sampling,
                max_tokens=max_tokens,
            )
        )


def bare_messages(question: str, quote: str = "") -> list[PromptMessage]:
    """What may be sent to anybody: the question as it was typed, and nothing of the portfolio.

    quote: an entry of Assay's glossary that is to be explained.
    """
    return [PromptMessage("system", _told(quote)), PromptMessage("user", question)]


def is_private(request: ChatRequest) -> bool:
    """Whether a request may hold something of the portfolio: all but those made above."""
    if len(request.messages) != 2 or request.tools:
        return True
    system, question = request.messages
    if question.role != "user":
        return True
    return system.text not in {_told(quote) for quote in ("", *_quotes())}


def is_quote(text: str) -> bool:
    """Whether a text is an entry of the glossary, word for word, and so nobody's secret."""
    return text in _quotes()


def _told(quote: str) -> str:
    return (
        f"{bare_text()}\n\nExplain this entry of the glossary:\n{quote}" if quote else bare_text()
    )


@cache
def _quotes() -> frozenset[str]:
    return frozenset(entry.quote for entry in Knowledge().entries)

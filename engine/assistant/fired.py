"""What the alerts fired lately, in a few sentences: the figures of code, a model's words."""

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from engine.alerts.listing import FiredAlert
from engine.assistant import phrases
from engine.assistant.manner import Manner, manner_of
from engine.assistant.notice import risk_notice
from engine.assistant.picking import ANSWER_TOKENS
from engine.assistant.prompting import chat_with
from engine.assistant.recognise.assets import find_assets
from engine.assistant.tools.base import Figure, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import figures_of
from engine.assistant.voices import LocalVoice, Remote, RemoteVoice, Voice
from engine.assistant.writing import Evidence, Writer
from engine.core.errors import Cancelled, KnownError
from engine.core.presets import PRECISE
from engine.core.resources import resource
from engine.core.words import capitalised, counted
from engine.model.chat import LocalChat
from engine.model.chat_types import ChatRequest
from engine.model.client import ModelClient
from engine.model.templates import STARTER, PromptMessage

MOST = 20
"""Firings that are summed up: the latest."""
PRIORITY = 2
"""Of the model's work: after every chat, and after what other programs ask of the server."""
QUESTION = "What did my alerts fire lately?"
_LONGEST = 400  # characters of one firing, whose rule may have many conditions


def listed(firings: Sequence[FiredAlert], owned: Sequence[str], more: bool) -> ToolResult:
    """The firings, newest first, as code states them; its figures are all an answer may contain.

    owned: the user's coins, for symbols that are also words. more: there are older ones.
    """
    named = Counter(one.title for one in firings)
    often = f" {len(firings)} times" if len(firings) > len(named) else ""
    head = f"{counted(len(named), 'alert')} fired{often}, newest first:"
    if more:
        head = f"The latest {counted(len(firings), 'time')} that alerts fired, newest first:"
    lines = [f"{capitalised(one.title)}: {one.text}" for one in firings]
    lines += [f"{capitalised(title)} fired {n} times." for title, n in named.items() if n > 1]
    figures = [
        Figure("times fired", Decimal(len(firings)), str(len(firings))),
        Figure("alerts that fired", Decimal(len(named)), str(len(named))),
    ]
    shown = [textwrap.shorten(line, _LONGEST, placeholder=" …") for line in lines]
    for line in shown:
        figures += figures_of(_label(line, owned), line)
    return ToolResult("\n".join((head, "", *(f"- {line}" for line in shown))), (), tuple(figures))


def sum_up(
    firings: Sequence[FiredAlert],
    more: bool,
    context: ToolContext,
    model: Callable[[], ModelClient | None],
    remote: Callable[[], Remote | None],
    writer: Writer,
) -> str:
    """Write the summary, with the list of code wherever a model's words are not to be had.

    model: the one that is loaded here, once it is; remote: the one on another computer that answers
    instead. Returns what is to be said about it, or "". Raises Stopped.
    """
    plain = listed(firings, context.assets, more).text
    try:
        elsewhere = remote()
        if elsewhere is not None:
            voice, told, manner = _voice_elsewhere(firings, more, context, elsewhere)
        else:
            voice, told, manner = _voice_here(firings, more, context, model())
        writer.write(voice, Evidence(QUESTION, told, (), context.assets), lambda: plain, manner)
    except (KnownError, Cancelled) as error:
        writer.say(plain)
        writer.figures = None
        return phrases.NEEDED_ELSEWHERE if isinstance(error, Cancelled) else str(error)
    if writer.figures is None:  # none of the model's words are there
        return phrases.NOT_KEPT.format(name=voice.name)
    simulated = phrases.SIMULATED if any(one.simulated for one in firings) else ""
    return " ".join(filter(None, (simulated, risk_notice(QUESTION, writer.text, None))))


def _voice_elsewhere(
    firings: Sequence[FiredAlert], more: bool, context: ToolContext, remote: Remote
) -> tuple[Voice, ToolResult, Manner]:
    """The model on another computer, what it is told, and how; KnownError if it may not know."""
    if not remote.may_know:
        raise KnownError(phrases.NOT_TOLD.format(name=remote.name))
    told = listed(firings, context.assets, more)
    return RemoteVoice(remote, _messages(told), thinking=False), told, manner_of(PRECISE)


def _voice_here(
    firings: Sequence[FiredAlert], more: bool, context: ToolContext, model: ModelClient | None
) -> tuple[Voice, ToolResult, Manner]:
    """The model on this computer, what it is told, and how; KnownError if it cannot do this."""
    if model is None or model.loaded is None:
        raise KnownError(phrases.NO_WORDS)
    # The starter has learned the reports of the everyday tools and no others.
    if model.loaded.template_id == STARTER:
        raise KnownError(phrases.STARTER_LISTS)
    chat = chat_with(model, context)
    always = chat.traits.thinking == "always"
    manner = manner_of(PRECISE, chat.sampling(always), always)
    told, request = _fitting(firings, more, context, chat, manner)
    return LocalVoice(chat, request), told, manner


def _fitting(
    firings: Sequence[FiredAlert],
    more: bool,
    context: ToolContext,
    chat: LocalChat,
    manner: Manner,
) -> tuple[ToolResult, ChatRequest]:
    """As many of the latest firings as the model has room for, and the request about them."""
    assert chat.loaded is not None
    n_ctx = chat.loaded.n_ctx
    room = n_ctx - min(ANSWER_TOKENS, n_ctx // 4)
    while firings:
        told = listed(firings, context.assets, more)
        request = ChatRequest(_messages(told), thinking=manner.thinking, priority=PRIORITY)
        tokens = chat.tokens(request)
        if tokens <= room:
            left = n_ctx - tokens
            budget = min(manner.thought_tokens, max(left - ANSWER_TOKENS, left // 2))
            return told, replace(request, thought_budget=budget if manner.thinking else -1)
        firings, more = firings[: len(firings) // 2], True
    raise KnownError(phrases.NO_ROOM)


def _messages(told: ToolResult) -> tuple[PromptMessage, ...]:
    system = resource("prompts", "fired.txt").read_text("utf-8").strip()
    return PromptMessage("system", system), PromptMessage("user", f"{QUESTION}\n\n{told.text}")


def _label(line: str, owned: Sequence[str]) -> str:
    """What the figures of a line are of: if it names one coin, they have to stand beside that."""
    coins = {str(one.value) for one in find_assets(line, owned) if line[one.start].isupper()}
    return f"firing of {coins.pop()}" if len(coins) == 1 else "firing"

"""A conversation as a file: Markdown of the path that is shown, or JSON of all its branches."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.core.cards import Card, ChartCard, FactsCard, QuoteCard, TableCard, card_to_json
from engine.core.errors import KnownError
from engine.core.files import create_atomic, write_atomic
from engine.store.chats import Chat, ChatRepo, Message

FORMATS = {".md": "Markdown", ".json": "JSON"}
"""What the ending of a file name asks for."""

_VERSION = 1
_RIGHT = frozenset({"amount", "money", "percent"})


def export(repo: ChatRepo, chat_id: int, path: Path, replace: bool) -> None:
    """Write a conversation into a file, wholly or not at all.

    replace: over a file of that name. Raises KnownError, also if there is one and it is not to be
    replaced, or if its name ends neither in .md nor in .json.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise KnownError("The name must end in .md or .json.", "Choose another name.")
    chat = repo.get(chat_id)
    if kind == ".md":
        text = markdown(chat, repo.messages(chat_id))
    else:
        text = json.dumps(document(chat, repo.tree(chat_id)), indent=2, ensure_ascii=False) + "\n"
    data = text.encode()
    if replace:
        write_atomic(path, data)
    elif not create_atomic(path, data):
        raise KnownError(f"There already is a file {path.name}.", "Choose another name.")


def markdown(chat: Chat, messages: Sequence[Message]) -> str:
    """The messages one after the other, cards as tables; thinking is left out."""
    parts = [f"# {_line(chat.title)}"]
    for message in messages:
        when = f"{message.created:%Y-%m-%d %H:%M} UTC"
        if message.role == "user":
            parts += [f"**You**, {when}", _quoted(message.text)]
            continue
        model = message.figures.model if message.figures else ""
        parts.append(f"**Assay**{f' ({_line(model)})' if model else ''}, {when}")
        if message.text:
            parts.append(message.text)
        if message.status == "stopped":
            parts.append("*Stopped.*")
        if message.notice:
            parts.append(f"*{_line(message.notice)}*")
        parts += [_card(card) for card in message.cards]
    return "\n\n".join(parts) + "\n"


def document(chat: Chat, messages: Sequence[Message]) -> dict[str, Any]:
    """All branches; "parent" says what a message follows, "shown" which of several is shown.

    Figures in calls are exact: those with a fraction are texts.
    """
    return {
        "format": "assay chat",
        "version": _VERSION,
        "title": chat.title,
        "model": chat.model,
        "preset": chat.preset,
        "messages": [_message(message) for message in messages],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent": message.parent_id,
        "shown": message.shown,
        "role": message.role,
        "created": message.created.isoformat(),
        "status": message.status,
        "text": message.text,
        "thinking": message.thinking,
        "notice": message.notice,
        "calls": json.loads(message.calls, parse_float=str),
        "cards": [json.loads(card_to_json(card)) for card in message.cards],
        "figures": asdict(message.figures) if message.figures else None,
    }


def _card(card: Card) -> str:
    match card:
        case TableCard():
            lines = [[column.title for column in card.columns], *map(list, card.rows)]
            if card.total is not None:
                lines.append([f"**{_cell(cell)}**" if cell else "" for cell in card.total])
            right = [column.kind in _RIGHT for column in card.columns]
            return _titled(card.title, _table(lines, right), card.method, card.simulated)
        case FactsCard():
            lines = [["", ""], *([label, value] for label, value in card.facts)]
            return _titled(card.title, _table(lines, [False, True]), card.method, card.simulated)
        case ChartCard():
            table = _table(_points(card), [False, *(True for _ in card.series)])
            return _titled(card.title, table, card.method, card.simulated)
        case QuoteCard():
            return (
                f"**{_line(card.title)}**\n\n{_quoted(card.text)}\n\nSource: {_line(card.source)}"
            )


def _points(card: ChartCard) -> list[list[str]]:
    """A line for each x, a column for each series."""
    places = dict.fromkeys(x for one in card.series for x in one.x)
    ys = [dict(zip(one.x, one.y, strict=True)) for one in card.series]
    unit = f" ({card.unit})" if card.unit else ""
    head = [card.x_unit, *(f"{one.name}{unit}" for one in card.series)]
    return [head, *([x, *(f"{y[x]:,.10g}" if x in y else "" for y in ys)] for x in places)]


def _titled(title: str, body: str, method: str, simulated: bool) -> str:
    head = f"**{_line(title)}**" + (" (simulated)" if simulated else "")
    return "\n\n".join(filter(None, (head, body, _line(method))))


def _table(lines: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """The first line is the head; right: which columns are aligned to the right."""
    head, *rows = ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]
    rule = "| " + " | ".join("---:" if one else "---" for one in right) + " |"
    return "\n".join([head, rule, *rows])


def _cell(text: str) -> str:
    return _line(text).replace("\\|", "|").replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())

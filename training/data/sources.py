"""What people have beside books, as documents: prices, news, transactions, posts, papers, chats."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from pathlib import Path
from typing import Any

from training.data import rows
from training.data.dialogue_formats import dialogue, has_turns, said
from training.data.formats import Document

SUFFIXES = (*rows.SUFFIXES, ".csv", ".md", ".txt")
Row = Mapping[str, Any]
_PRICES = ("open", "high", "low", "close")
_DATES = ("date", "timestamp", "time", "datetime", "open_time", "unix", "published", "published_at",
          "created_at", "block_timestamp", "blockTimestamp")  # fmt: skip
_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # ERC-20, ERC-721
_MARKUP = re.compile(
    r"```.*?```|<[^>\n]+>|!\[[^\]]*\]\([^)]*\)|^ *\|.*\| *$|^#+ +", re.DOTALL | re.MULTILINE
)
_PAPER = 8000  # characters of a document cut from a paper


def read(path: Path) -> Iterator[Document]:
    """Yield the documents of a file, known by its ending and the keys of its rows.

    A table of open, high, low and close becomes sentences, a document per month. A row with a
    hash or topics is a transaction or log, one with a title news, one with an author or likes a
    post, and one with turns a dialogue. Raises ValueError that names the row which is none of
    these.
    """
    if path.suffix in (".md", ".txt"):
        yield from _paper(path)
        return
    found: Iterable[tuple[str, Any]]
    if path.suffix == ".csv":
        table = _table(path)
        if table and set(_PRICES) <= table[0].keys():
            yield from _prices(table, path)
            return
        found = ((f"{path.name}, row {n}", row) for n, row in enumerate(table, 1))
    else:
        found = rows.read(path)
    for where, row in found:
        try:
            yield _document(row, path.stem)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{where}: not a text, news, post, transaction or dialogue ({_reason(row, error)})"
            ) from error


def _reason(row: Any, error: Exception) -> str:
    """Why a row is no document; half a price table is told what it lacks."""
    lacking = [key for key in _PRICES if key not in row] if isinstance(row, Mapping) else []
    if 0 < len(lacking) < len(_PRICES):
        needed = ", ".join(_PRICES)
        return f"a price table needs {needed}; it lacks {', '.join(lacking)}"
    return rows.reason(error)


def _table(path: Path) -> list[dict[str, str]]:
    try:
        found = list(csv.DictReader(io.StringIO(rows.text(path), newline="")))
    except csv.Error as error:
        raise ValueError(f"{path.name}: not a table ({error})") from error
    return [{k.strip().lower(): v for k, v in row.items() if k} for row in found]


def _document(row: Row, name: str) -> Document:
    source = str(row.get("source", name))
    body = next((row[k] for k in ("content", "body", "article", "summary") if row.get(k)), "")
    if has_turns(row):
        made = dialogue(row)
        # A system turn that many dialogues share would make them near duplicates.
        return Document(said(made, "user", "assistant", "tool"), source, "dialogue", made)
    if row.get("topics"):
        return Document(_log(row), source, "on-chain")
    if row.get("hash") or row.get("transactionHash"):
        return Document(_transaction(row), source, "on-chain")
    if row.get("title"):
        text = f"{row['title']}\n\n{body or row.get('text', '')}".strip()
        return Document(text, source, str(row.get("kind", "news")))
    text = row.get("text") or body
    if not isinstance(text, str) or not text:
        raise ValueError("it has no text")
    if "kind" not in row and row.keys() & {
        "user",
        "username",
        "author",
        "likes",
        "retweets",
        "score",
    }:
        text = re.sub(r"https?://\S+|@\w+", "", text)
        return Document(" ".join(text.split()), source, "social")
    return Document(text, source, str(row.get("kind", "text")))


def _prices(table: list[dict[str, str]], path: Path) -> Iterator[Document]:
    told = []
    for number, row in enumerate(table, 1):
        try:
            when = _when(row)
            sentence = _candle(row, when, row.get("symbol") or path.stem.upper())
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, row {number}: not a price ({error})") from error
        told.append(((when.year, when.month) if when else None, sentence))
    for _, month in groupby(told, lambda one: one[0]):
        yield Document(" ".join(sentence for _, sentence in month), path.stem, "trading")


def _candle(row: Row, when: datetime | None, name: str) -> str:
    first, high, low, last = (Decimal(row[key]) for key in _PRICES)
    change = (last / first - 1) * 100
    way = f"{abs(change):.2f} percent {'higher' if change > 0 else 'lower'}" if change else "again"
    volume = f", with a volume of {_figure(Decimal(row['volume']))}" if row.get("volume") else ""
    return (
        f"{_on(when)}the price of {name} opened at {_figure(first)} and closed {way} at "
        f"{_figure(last)}, after trading between {_figure(low)} and {_figure(high)}{volume}."
    )


def _transaction(row: Row) -> str:
    amount = f"{_amount(row['value'], row.get('decimals', 18))} {row.get('symbol') or 'ETH'}"
    fee = ""
    if row.get("gasUsed") and row.get("gasPrice"):
        paid = _units(row["gasUsed"]) * _units(row["gasPrice"]) / 10**18
        fee = f" for a network fee of {_figure(paid)}"
    return (
        f"{_on(_when(row))}the address {_short(row['from'])} sent {amount} to "
        f"{_short(row.get('to') or 'a new contract')}{fee}, in the transaction "
        f"{_short(row.get('hash') or row['transactionHash'])}."
    )


def _log(row: Row) -> str:
    contract, topics = f"{_on(_when(row))}the contract {_short(row['address'])}", row["topics"]
    if topics[0].lower() != _TRANSFER or len(topics) != 3:
        return f"{contract} recorded the event {_short(topics[0])}."
    sender, receiver = (_short("0x" + topic[-40:]) for topic in topics[1:])
    amount = _amount(row["data"], row.get("decimals", 0))
    unit = row.get("symbol") or ("tokens" if "decimals" in row else "of its smallest units")
    return f"{contract} moved {amount} {unit} from {sender} to {receiver}."


def _paper(path: Path) -> Iterator[Document]:
    text = rows.text(path)
    if path.suffix == ".md":
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)|\*\*(.+?)\*\*", r"\1\2", _MARKUP.sub("", text))
    part = ""
    for paragraph in [p.strip() for p in re.split(r"\n\s*\n", text)]:
        if part and len(part) + len(paragraph) > _PAPER:
            yield Document(part, path.stem, "paper")
            part = ""
        part = f"{part}\n\n{paragraph}".strip()
    if part:
        yield Document(part, path.stem, "paper")


def _units(value: Any) -> Decimal:
    text = str(value)
    return Decimal(int(text, 16)) if text.startswith("0x") else Decimal(text)


def _amount(value: Any, decimals: Any) -> str:
    """A whole number counts the smallest units; one with a point is the amount itself."""
    number = _units(value)
    return _figure(number if "." in str(value) else number / 10 ** int(decimals))


def _figure(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _short(name: str) -> str:
    return f"{name[:6]}...{name[-4:]}" if len(name) > 16 and " " not in name else name


def _when(row: Row) -> datetime | None:
    value = next((row[key] for key in _DATES if row.get(key)), None)
    try:
        seconds = _units(value)
    except InvalidOperation:
        return datetime.fromisoformat(str(value)) if value is not None else None
    return datetime.fromtimestamp(float(seconds / 1000 if seconds > 10**11 else seconds), UTC)


def _on(when: datetime | None) -> str:
    if when is None:
        return "Once "
    hour = f" at {when:%H:%M}" if when.hour or when.minute else ""
    return f"On {when.day} {when:%B %Y}{hour} "

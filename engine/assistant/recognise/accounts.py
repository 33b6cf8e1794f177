"""Finds the user's accounts."""

import re
from collections.abc import Iterable

from engine.assistant.recognise.correct import is_word
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.spelling import distance

# "the ledger for March", "my ledger entries", "the general ledger": the list of transactions.
_BOOK_BEFORE = re.compile(
    r"\b(?:general|trade|trades|trading|transaction|transactions|audit|accounting|public|shared|"
    r"distributed|double[\s-]entry|sub|main)[\s-]+$",
    re.I,
)
_BOOK_AFTER = re.compile(
    r"s?\s*(?:\.(?:csv|txt|xlsx?)|(?:entr(?:y|ies)|lines?|rows?|books?|history|csv|file|export|"
    r"extract|records?|items?|postings?|print\s?out|statement lines)\b)",
    re.I,
)
_ARTICLE = re.compile(r"(?:^\W*|\b(?:the|a|full|whole|entire|complete)\s+)$", re.I)
# Names of places that keep coins: never taken for the word they are as well.
_PLACES = frozenset(
    "binance coinbase kraken bitstamp kucoin bybit okx gemini bitfinex revolut ledger trezor "
    "metamask phantom nexo uphold bitpanda etoro robinhood bitvavo huobi".split()
)
_INTO = re.compile(r"\b(?:on|in|at|into)\s+(?:my\s+|the\s+)?[\"“']?$", re.I)
_OUT_OF = re.compile(r"\b(?:of|from|to)\s+(?:my\s+|the\s+)?[\"“']?$", re.I)
_KIND_BEFORE = re.compile(r"\b(?:account|wallet)(?:\s+(?:called|named))?\s+[\"“']?$", re.I)
_KIND_AFTER = re.compile(r"[\"”']?\s+(?:account|wallet)\b", re.I)
_OF_TIME = re.compile(r"\s*(?:for|of|from|between|since)\b", re.I)


def find_accounts(text: str, accounts: Iterable[str]) -> list[Mention]:
    """Account names, one slip of the finger allowed in names of five letters or more."""
    found = []
    words = list(re.finditer(r"[^\s,;:!?()\"“”]+", text))
    for account in accounts:
        length = len(account.split())
        limit = 1 if len(account) >= 5 else 0
        for index in range(len(words) - length + 1 if length else 0):
            start, end = words[index].start(), words[index + length - 1].end()
            phrase = text[start:end].lower().rstrip(".").removesuffix("'s")
            if phrase in ("ledger", "ledgers") and _is_book(text, start):
                continue
            if phrase != account.lower() and is_word(phrase):
                continue  # "finance" is no slip of "Binance"
            if _is_everyday(account) and not _is_meant(text, account, start, start + len(phrase)):
                continue
            if distance(phrase, account.lower(), limit) <= limit:
                found.append(Mention("account", account, start, end))
    return found


def _is_everyday(account: str) -> bool:
    """Whether the name of an account is a letter or an ordinary word ("A", "Cash", "Main")."""
    name = account.lower()
    return len(name) < 2 or (is_word(name) and name not in _PLACES)


def _is_meant(text: str, account: str, start: int, end: int) -> bool:
    """Whether the place says that an everyday word is the account: "in Cash", "account A"."""
    before = text[:start]
    if _KIND_BEFORE.search(before):
        return len(account) > 1 or text[start:end] == account
    if len(account) > 1 and _KIND_AFTER.match(text, end):
        return True
    if len(account) > 1 and text.strip(" ?!.,") == text[start:end]:
        return True  # nothing but the name
    if text[start:end] != account or text.isupper() or account == "a":
        return False
    return bool(_INTO.search(before) or (len(account) > 1 and _OUT_OF.search(before)))


def _is_book(text: str, start: int) -> bool:
    """Whether "ledger" at `start` is the accountant's book."""
    before, end = text[:start], start + len("ledger")
    if _BOOK_BEFORE.search(before) or _BOOK_AFTER.match(text, end):
        return True
    return bool(_ARTICLE.search(before) and _OF_TIME.match(text, end))

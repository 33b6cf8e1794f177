"""Corrects slips of the finger before anything else reads the question.

The lexicon (resources/models/lexicon.txt, most frequent word first) is counted from the training
corpus. A word of four letters or more that is not in it becomes the most frequent word one slip
away (two from eight letters on), if there is one. Values with digits are never touched.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.assistant.recognise.assets import names
from engine.assistant.recognise.shorthand import written_out
from engine.assistant.recognise.spelling import distance
from engine.core.resources import resource
from engine.core.words import capitalised

_NAME_RANK = 2000  # how likely a coin is meant, against ordinary words
_RARE = 2500  # rank from which a word is less likely meant than a coin two slips away
# Names that cannot be taken for an English word, even with two slips.
_COINED = frozenset(
    "bitcoin ethereum solana cardano polkadot chainlink uniswap litecoin dogecoin tether monero "
    "algorand arbitrum filecoin vechain toncoin thorchain pancakeswap sushiswap bittensor "
    "worldcoin decentraland avalanche celestia hedera".split()
)
_WORD = re.compile(r"(?<![\w$@.-])[A-Za-z]{4,}(?![\w@]|\.\w)")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n])\s*$")
# What people type on purpose.
_SLANG = frozenset(
    "hodl hodling hodled rekt ngmi wagmi degen degens shitcoin shitcoins memecoin memecoins "
    "defi gwei sats altcoin altcoins airdrop pnl roi apy apr cagr hedl fomo yolo lambo "
    "rugpull rugged tradfi stonks copium hopium crypto cryptos onchain offchain mcap fdv tvl "
    "dyor gmgn bruh gonna wanna gotta lemme gimme dunno cuz coz thru tmrw tmr yday rn pls plz "
    "thx ppl abt wat wut wot wots whats hows wheres thats dont doesnt didnt isnt arent wasnt "
    "cant couldnt wouldnt shouldnt havent hasnt ive youre theyre tho todays bags moon mooning "
    "mooned pumpin dumpin unrealised realised divergence impermanent drawdown drawdowns "
    "volatility underwater breakeven halved heck quintuples sags sagged "
    "depegs depegged depegging ngl imho afaik idk tbh "
    "fomoing fud fudding hodlers lakh lakhs crore crores afore hale hogmanay "
    "dosh gran grans wonga moolah".split()
)
_ENDINGS = ("s", "es", "d", "ed", "ing")


@cache
def lexicon() -> dict[str, int]:
    """Word → rank, the most frequent first."""
    lines = resource("models", "lexicon.txt").read_text("utf-8").split()
    ranks = {word: rank for rank, word in enumerate(lines)}
    for name in names():
        if len(name) >= 5 and name.isalpha():
            ranks[name] = min(ranks.get(name, _NAME_RANK), _NAME_RANK)
    return ranks


def is_word(word: str) -> bool:
    """Whether this is a word of the lexicon."""
    return word in lexicon()


@cache
def _by_letter() -> dict[str, tuple[list[str], NDArray[np.uint32], NDArray[np.int64]]]:
    """Words, their letters as bits, and their lengths, by first letter: slips rarely change it."""
    groups: dict[str, list[str]] = {}
    for word in lexicon():
        groups.setdefault(word[0], []).append(word)
    return {
        first: (
            words,
            np.array([_letters(word) for word in words], dtype=np.uint32),
            np.array([len(word) for word in words]),
        )
        for first, words in groups.items()
    }


def _letters(word: str) -> int:
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) - 97) if "a" <= letter <= "z" else 0
    return bits


def correct(text: str, keep: Iterable[str] = ()) -> str:
    """The text with misspelt words replaced; the case of the first letter is kept.

    keep: lower-case words that are right, such as the user's accounts.
    """
    kept = frozenset(keep)

    def mend(match: re.Match[str]) -> str:
        word = match.group()
        lower = word.lower()
        if lower in kept or word.isupper():
            return word
        named = word[0].isupper() and not _SENTENCE_START.search(match.string[: match.start()])
        if named:
            return word  # a name, not a slip
        better = _correction(lower)
        if better == lower:
            return word
        return better if word[0].islower() else capitalised(better)

    return _WORD.sub(mend, written_out(text))


@lru_cache(maxsize=4096)
def _correction(word: str) -> str:
    known = lexicon()
    singular = word.removesuffix("s")
    if word in known or word in _SLANG or word in names() or singular in names():
        return word
    if _is_inflected(word, known):
        return word
    coin, other = _coin(word, 1), _word(word, 1)
    if coin or (other and known[other] < _RARE):
        return coin or other or word
    return _coin(word, 2) or other or _word(word, 2) or word


def _is_inflected(word: str, known: Mapping[str, int]) -> bool:
    """Whether a longer word is a known one with an ending ("sliced", "trebles")."""
    stems = [word.removesuffix(end) for end in _ENDINGS if word.endswith(end)]
    stems += [f"{stem}e" for stem in stems]
    return len(word) >= 6 and any(len(s) >= 4 and s in known for s in stems)


def _coin(word: str, slips: int) -> str | None:
    """The coin one slip away (from five letters on), or two (from six on)."""
    if len(word) < 4 + slips:
        return None
    return next(
        (
            name
            for name in (names() if slips == 1 else _COINED)
            if name[0] == word[0] and distance(word, name, slips) <= slips
        ),
        None,
    )


def _word(word: str, slips: int) -> str | None:
    """The most frequent word one slip away, or two (from eight letters on)."""
    if slips == 2 and len(word) < 8:
        return None
    known = lexicon()
    words, letters, lengths = _by_letter().get(word[0], ([], np.empty(0, np.uint32), np.empty(0)))
    # An edit changes at most two letters of the set and one of the length.
    differing = np.bitwise_count(letters ^ np.uint32(_letters(word)))
    close = np.flatnonzero((differing <= 2 * slips) & (np.abs(lengths - len(word)) <= slips))
    near = (words[i] for i in close if distance(word, words[i], slips) <= slips)
    return min(near, key=lambda found: known[found], default=None)

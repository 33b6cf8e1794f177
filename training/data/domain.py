"""Texts about crypto and finance: one spelling, and what is noise or meant to mislead."""

import re
import unicodedata
from collections.abc import Callable

from training.data.cleaning import CJK, LETTERS

_CHARACTERS = str.maketrans(
    dict.fromkeys("‘’‚‛′", "'") | dict.fromkeys("“”„‟″", '"') | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "") | {"…": "..."}
)  # fmt: skip
_SIZES = {"k": "thousand", "m": "million", "b": "billion", "t": "trillion"}
_TERMS = {  # forms in lower case, " " for a hyphen too: how they are written
    "btc": "BTC", "xbt": "BTC", "bitcoin": "Bitcoin", "eth": "ETH", "ethereum": "Ethereum",
    "usdt": "USDT", "usdc": "USDC", "bnb": "BNB", "xrp": "XRP", "solana": "Solana",
    "defi": "DeFi", "de fi": "DeFi", "nft": "NFT", "nfts": "NFTs", "dapp": "dApp", "dapps": "dApps",
    "dao": "DAO", "daos": "DAOs", "apy": "APY", "tvl": "TVL", "amm": "AMM", "on chain": "on-chain",
    "stable coin": "stablecoin", "stable coins": "stablecoins", "block chain": "blockchain",
    "market cap": "market capitalisation", "marketcap": "market capitalisation",
}  # fmt: skip
_FORMS = "|".join(form.replace(" ", "[ -]") for form in _TERMS)
_Replacement = str | Callable[[re.Match[str]], str]
_RULES: list[tuple[re.Pattern[str], _Replacement]] = [
    (re.compile(r"[^\S\n]+"), " "),
    (re.compile(r" ?\n ?"), "\n"),
    (re.compile(r"\n{3,}"), "\n\n"),
    (re.compile(r"([!?])[!?]+|([,;])\2+"), lambda m: m[1] or m[2]),
    (
        re.compile(r"([$€£]) ?(\d[\d,.]*)(?:([kmbt])| ?(?:(m)(?:m|n|ln)|(b)n|(t)n))\b", re.I),
        lambda m: f"{m[1]}{m[2]} {_SIZES[next(size for size in m.groups()[2:] if size).lower()]}",
    ),
    (re.compile(r"(?<![\w$])\$+([A-Za-z]{2,6})\b"), lambda m: m[1].upper()),
    (  # not within a link, an address or a longer name
        re.compile(rf"(?<![\w.@/-])(?:{_FORMS})(?![\w@/-]|\.\w)", re.I | re.A),
        lambda m: _TERMS[m[0].lower().replace("-", " ")],
    ),
]
_LINK = re.compile(r"https?://\S+|www\.\S+|[@#]\w+|[\U0001F000-\U0001FAFF\u2600-\u27BF]")
_PART = re.compile(rf"[{CJK}]|[^\s{CJK}]+")  # as text.split(), but for Chinese
_WARNING = re.compile(
    r"\b(?:never|beware|(?<!not a )(?<!no )scam\w*|fraud\w*|avoid|warn\w*|no one|nobody|myth"
    r"|steal\w*|theft|phish\w*|promised|red flags?|too good|no legitimate"
    r"|(?:no|not|without)(?: any| a)? guarantee\w*"
    r"|(?:do not|don't|should not|shouldn't) (?:ever |share|send|enter|trust|believe|fall))\b",
    re.I,
)
_GAIN = r"(?:returns?|profits?|gains?|income|yields?|money|apy|roi)"
_HAND_OVER = r"(?:enter|share|send|give|confirm|verify|submit|dm|type)"
_KEYS = r"(?:(?:seed|recovery|secret) phrase|private keys?|(?:12|24) words)"
_SAFE = r"(?:guaranteed|guarantee (?:you|your))"
_PUMP = "to the moon|moonshot|hidden gem|get rich|next bitcoin|ape in|pump (?:group|signal|soon)"
_NO_RISK = r"(?:risk[- ]free|no risk)"
_MISLEADING = [  # what it is, how much it weighs from 0 to 1, and its wording
    ("guaranteed gain", 0.7, rf"\b{_SAFE}\b.{{0,40}}\b{_GAIN}\b|\b{_GAIN}\b.{{0,20}}\b{_SAFE}\b"),
    # Theory speaks of risk-free returns too, so this is not enough by itself.
    ("no risk", 0.4, rf"\b{_NO_RISK}\b.{{0,40}}\b{_GAIN}\b|\b{_GAIN}\b.{{0,20}}\b{_NO_RISK}\b"),
    ("cannot lose", 0.6, r"\b(?:can't|cannot|impossible to) (?:lose|fail)\b"),
    ("multiple promised", 0.5, r"\b(?:[2-9]\d|\d{3,}) ?x\b(?! (?:leverage|long|short|faster))"),
    ("daily gain", 0.5, r"\b\d+(?:\.\d+)? ?(?:%|percent) (?:(?:per|a|every|each) day|daily)\b"),
    ("pump talk", 0.4, rf"\b(?:{_PUMP})\b"),
    ("urgency", 0.4, r"\b(?:last chance|act now|don't miss|buy now|before it's too)\b"),
    ("giveaway", 0.8, r"\bsend\b.{0,50}\b(?:receive|get)\b.{0,30}\b(?:back|double|twice|2x)\b"),
    ("claim", 0.5, r"\b(?:giveaway|free airdrop)\b|\bconnect your wallet\b.{0,30}\bclaim\b"),
    ("asks for keys", 0.9, rf"\b{_HAND_OVER}\b[^.]{{0,40}}\b{_KEYS}\b"),
    ("protests its honesty", 0.5, r"\b(?:not a|no) scam\b|\b100 ?% legit\b"),
]  # fmt: skip
_PATTERNS = [(reason, weight, re.compile(form, re.I)) for reason, weight, form in _MISLEADING]


def normalise(text: str) -> str:
    """Plain quotes and dashes, single spaces, "$1.2 million", BTC, DeFi; all else as it was."""
    text = unicodedata.normalize("NFC", text.translate(_CHARACTERS))
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.strip()


def noise(text: str, least: int = 5) -> str:
    """Why a text is worth nothing to learn from, or "". least: words it must have."""
    parts = _PART.findall(text)
    words = re.findall(LETTERS, _LINK.sub(" ", text))
    letters = "".join(words)
    if len(words) < least:
        return "too short"
    if len(_LINK.findall(text)) > 0.3 * len(parts):
        return "mostly links and tags"
    if len(parts) >= 20 and len({word.casefold() for word in parts}) < 0.3 * min(len(parts), 400):
        return "repeats itself"
    if sum(letter.isupper() for letter in letters) > 0.6 * len(letters):
        return "shouting"
    return ""


def misleading(text: str) -> tuple[float, list[str]]:
    """How likely a text means to mislead, from 0 to 1, and why.

    1 - Π (1 - weight) over the patterns found, and less where under a tenth of the sentences hold
    one: a chapter is not judged by a line. A sentence that warns of such things does not count.
    """
    honest, reasons, found = 1.0, [], set()
    sentences = [part for part in re.split(r"(?<=[.!?])\s+|\n", text) if part]
    for reason, weight, pattern in _PATTERNS:
        guilty = {s for s in sentences if pattern.search(s) and not _WARNING.search(s)}
        if guilty:
            honest *= 1 - weight
            reasons.append(reason)
            found |= guilty
    share = len(found) / max(1, len(sentences))
    return (1 - honest) * min(1.0, 10 * share), reasons

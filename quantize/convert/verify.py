"""The texts on which a converted tokenizer has to agree with its original."""

import unicodedata
from collections.abc import Iterator, Sequence

# Written for this purpose: contractions, digits, spaces, line ends, code, scripts, emoji.
SAMPLES = (
    "Bitcoin rose 3.41% to $67,250.19 on 2026-11-20; I'm not sure it'll last, they've said.",
    "IT'S SHE'LL WE'RE I'D can't won't o'clock rock'n'roll 'tis",
    "What's my P&L?   Show me the top 3 (BTC, ETH, SOL) …  please!!!",
    '{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30}}\n',
    "def apy(rate, n=365):\n    return (1 + rate / n) ** n - 1\n\n\n\tif x != y and not z:\r\n\r\n",
    "  two spaces   three    four\t\ttabs \n \n\n lines \r\n end   ",
    "1234567890 12 3,456.78 0x1F ½ ² ₿0.00012345 €1.234,56 £5 ¥900 ₹10 №7 ⅷ ٣٤٥ 一二三",
    "https://example.org/a_b?c=%20d&e=f#g user@example.org C:\\path\\file.txt ~/home ./x",
    "Übermäßig große Verluste? Schöne Grüße! L'été coûte déjà très cher, n'est-ce pas ?",
    "¿Cuánto cuesta mañana? Até amanhã, coração. Dzień dobry, żółć. Příliš žluťoučký kůň.",
    "Привет, мир! Сколько стоит биткоин? Ціна зросла. Γειά σου Κόσμε, καλημέρα.",
    "比特币今天的价格是多少?我的投资组合怎么样。日本語のテキスト、カタカナ。한국어 문장입니다.",
    "مرحبا بالعالم، كم سعر البيتكوين؟ שלום עולם. नमस्ते दुनिया, कैसे हैं? สวัสดีชาวโลก",
    "🚀🌕 to the moon 👩\u200d👩\u200d👧 🏳️\u200d🌈 👍🏽 ✅ ❌ ⚠️ 📉📈 ☕",
    "“quotes” ‘single’ — dash – en … ‰ † ‡ § ¶ • ≤ ≥ ≠ ≈ ∞ √ ∑ → ← ↑ ↓ ½ × ÷ ±",
    "a\u00a0b\u2009c\u3000d\u200be\ufeff \u0007 \u001b[31m zero-width and control",
    "snake_case camelCase PascalCase kebab-case SCREAMING_CASE a1b2c3 v2.0.1-rc1 x86_64",
    "---\n***\n___\n# Title\n\n- item\n  - nested\n\n| a | b |\n|---|---|\n> quote\n```py\n```",
    "!!!???...,,,;;;:::'''\"\"\"((([[[{{{}}}]]])))@@@###$$$%%%^^^&&&***___+++===~~~```|||\\\\\\///",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa zzzzzzzzzzzzzzzz hahahahahahaha hmmmmmmmmmm",
    "",
    " ",
    "\n",
    "x",
)
WORDS_PER_TEXT = 24


def sample_texts(words: Sequence[str], added: Sequence[str]) -> Iterator[str]:
    """Texts that between them use every token.

    words: what each ordinary token decodes to, joined in scattered order; added: texts of the
    added tokens, each put into a sentence, into JSON and next to itself.
    """
    yield from SAMPLES
    for token in added:
        yield f"before {token} after{token}{token}\n{token}"
        yield '{"name": ' + token + ', "value": 1}'
    stride = max(1, len(words) // WORDS_PER_TEXT)
    for first in range(stride):
        # As unlike neighbours as possible, so that every kind of border occurs.
        yield unicodedata.normalize("NFC", "".join(words[first::stride]))

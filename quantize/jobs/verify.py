"""Compares the tokens of a converted vocabulary with those of the original tokenizer."""

from pathlib import Path

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag, api
from engine.model.child.model import LoadFailed, Model
from quantize.convert.verify import sample_texts
from quantize.jobs import Arguments, Report, Result


def verify(arguments: Arguments, report: Report) -> Result:
    """Tokenize sample texts both ways; arguments: gguf, tokenizer (paths).

    Returns how many tokens agreed, and how many ordinary tokens llama.cpp takes for control tokens
    (these are left out). Raises KnownError at the first difference.
    """
    from tokenizers import Tokenizer  # noqa: PLC0415 (needed, and installed, only for conversions)

    content = Path(arguments["tokenizer"]).read_bytes()  # its name need not be UTF-8
    try:
        original = Tokenizer.from_buffer(content)
    except BaseException as error:  # the only kinds this library raises
        raise KnownError(
            "tokenizer.json is damaged.", "Get the model's folder again, complete."
        ) from error
    original.no_truncation()
    original.no_padding()
    try:
        converted = Model(arguments["gguf"], lambda _: None, AbortFlag(), vocab_only=True)
    except LoadFailed as error:
        raise KnownError(
            "llama.cpp cannot read the converted tokenizer.", "This model cannot be converted."
        ) from error
    added = {number: token.content for number, token in original.get_added_tokens_decoder().items()}
    ordinary = set(original.get_vocab(with_added_tokens=True).values()) - added.keys()
    # In every file llama.cpp takes words such as "</s>" for control tokens, whatever it says.
    misread = {
        number for number in ordinary if api.llama_vocab_is_control(converted.vocabulary, number)
    }
    words = [original.decode([number]) for number in sorted(ordinary - misread)]
    # SentencePiece's kind has one character for spaces in tokens and texts.
    pieces = "▁" in "".join(original.encode(" ").tokens)
    named = [token.replace("▁", " ") if pieces else token for token in added.values()]
    texts = list(sample_texts(words, named))
    start = len(original.encode("").ids)  # tokens before every text
    # Most of its tokenizers put spaces before texts and after special tokens.
    spaced = "".join(original.encode("x").tokens[start:]).startswith("▁")
    gaps = (b" ", b"") if spaced else (b"", b"")
    tokens = 0
    for index, text in enumerate(texts):
        expected = original.encode(text).ids
        tokens += len(expected)
        found = converted.tokenize(text, start=True)
        spelled = b"".join(converted.piece(token) for token in found[start:])
        if found != expected or spelled.replace(*gaps) != text.encode().replace(*gaps):
            raise KnownError(
                "The converted tokenizer does not give the same tokens as the original, for "
                f"example in {_excerpt(text)!r}.",
                "This model cannot be converted faithfully.",
            )
        if index % 64 == 0:
            report(index / len(texts), "Checking the tokenizer")
    return {"tokens": tokens, "misread": len(misread)}


def _excerpt(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"

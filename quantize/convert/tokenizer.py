"""tokenizer.json as GGUF metadata."""

from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.model.gguf.checks import BYTE_CHARACTERS
from quantize.convert.config import Config
from quantize.convert.decoder import check_decoder
from quantize.convert.framing import first_token
from quantize.convert.pieces import (
    NORMAL,
    USER_DEFINED,
    has_bytes,
    is_pieces,
    is_prefixed,
    piece_types,
    scores,
)
from quantize.convert.splitter import pre_tokenizer_name
from quantize.jsonfile import FETCH_AGAIN, read_object
from quantize.writer import Metadata, flag, integers, reals, text, texts, u32

MAX_TOKENIZER = 64 << 20
MAX_TOKEN = 4096  # bytes
MAX_WORDS = 16 << 20  # bytes of all tokens; the largest known vocabularies have 2 MB
CONTROL, UNUSED = 3, 5
TURN_END = "<|im_end|>"
GLM_START = "[gMASK]"  # with which GLM's template begins, though its settings name no bos


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Token texts and GGUF token types by id, and the merges in order ("left right")."""

    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]

    def find(self, token: str) -> int | None:
        """The id of a token's text."""
        return self.tokens.index(token) if token in self.tokens else None


def describe_tokenizer(
    folder: Path, config: Config, settings: Config, generation: Config
) -> Metadata:
    """Everything llama.cpp needs to split text into tokens, and to know where an answer ends.

    config, settings, generation: config.json, tokenizer_config.json and generation_config.json.
    Raises KnownError for tokenizers of other kinds, and for damaged ones.
    """
    content = read_object(folder / "tokenizer.json", MAX_TOKENIZER)
    vocabulary = read_vocabulary(content, config.integer("vocab_size", 1, 1 << 20))
    check_decoder(content.get("decoder"))
    start = first_token(content)
    special = _special_tokens(vocabulary, config, settings)
    if start:
        special["bos"] = _number(vocabulary, start, "tokenizer.json")
    special |= _further_ends(special, generation, config, len(vocabulary.tokens))
    metadata = {
        **_describe_kind(content, vocabulary),
        "tokenizer.ggml.tokens": texts(vocabulary.tokens),
        "tokenizer.ggml.add_bos_token": flag(bool(start)),
    }
    for role, number in special.items():
        metadata[f"tokenizer.ggml.{role}_token_id"] = u32(number)
    return metadata


def _describe_kind(content: dict[str, object], vocabulary: Vocabulary) -> dict[str, bytes]:
    if not is_pieces(content):
        return {
            "tokenizer.ggml.model": text("gpt2"),
            "tokenizer.ggml.pre": text(pre_tokenizer_name(content)),
            "tokenizer.ggml.token_type": integers(vocabulary.types),
            "tokenizer.ggml.merges": texts(vocabulary.merges),
        }
    unknown = Config(content, "tokenizer.json").within("model").text("unk_token", "")
    types = piece_types(vocabulary.tokens, vocabulary.types, unknown)
    number = vocabulary.find(unknown)
    role = {} if number is None else {"tokenizer.ggml.unknown_token_id": u32(number)}
    return {
        **role,
        "tokenizer.ggml.model": text("llama"),
        "tokenizer.ggml.pre": text("default"),
        "tokenizer.ggml.token_type": integers(types),
        "tokenizer.ggml.scores": reals(scores(vocabulary.tokens, vocabulary.merges)),
        "tokenizer.ggml.add_space_prefix": flag(is_prefixed(content)),
    }


def read_vocabulary(content: dict[str, object], size: int) -> Vocabulary:
    """The vocabulary of a tokenizer.json, padded to the model's `size`. Raises KnownError."""
    model = content.get("model")
    if not isinstance(model, dict):
        raise _damaged()
    entries, merges = model.get("vocab"), model.get("merges")
    if not isinstance(entries, dict) or not isinstance(merges, list):
        raise _damaged()
    if not all(type(number) is int for number in entries.values()):
        raise _damaged()
    tokens = {number: (token, NORMAL) for token, number in entries.items()}
    if len(tokens) != len(entries):
        raise _damaged()
    tokens |= _added_tokens(content)
    if not all(0 <= number < size for number in tokens):
        raise KnownError(
            "The tokenizer has more tokens than the model.", "Use the tokenizer of this very model."
        )
    words = [tokens.get(number, (f"[PAD{number}]", UNUSED)) for number in range(size)]
    texts_only = tuple(word for word, _ in words)
    if len(set(texts_only)) != size or any("\0" in word for word in texts_only):
        raise _damaged()
    lengths = [len(word.encode()) for word in texts_only]
    if max(lengths) > MAX_TOKEN or sum(lengths) > MAX_WORDS:
        raise KnownError("The tokenizer has tokens that are too long.", FETCH_AGAIN)
    spelled = {word.encode() for word in texts_only} >= BYTE_CHARACTERS
    if not spelled and not (model.get("byte_fallback") and has_bytes(texts_only)):
        raise KnownError(
            "The tokenizer has no tokens for some bytes, so it cannot spell every text.",
            "Train it with the whole byte alphabet.",
        )
    return Vocabulary(
        texts_only, tuple(kind for _, kind in words), tuple(_merge(pair) for pair in merges)
    )


def _added_tokens(content: dict[str, object]) -> dict[int, tuple[str, int]]:
    added = content.get("added_tokens", [])
    if not isinstance(added, list) or not all(isinstance(one, dict) for one in added):
        raise _damaged()
    result: dict[int, tuple[str, int]] = {}
    for one in added:
        word, number = one.get("content"), one.get("id")
        if not isinstance(word, str) or not word or type(number) is not int or number in result:
            raise _damaged()
        if one.get("lstrip") or one.get("rstrip") or one.get("single_word"):
            raise KnownError(
                f'The tokenizer\'s token "{word[:40]}" swallows spaces or needs word borders, '
                "which the GGUF format cannot say.",
                "This model cannot be converted.",
            )
        result[number] = (word, CONTROL if one.get("special") else USER_DEFINED)
    return result


def _merge(pair: object) -> str:
    """A merge as "left right"; tokenizer.json holds that or a list of the two."""
    parts = pair.split(" ") if isinstance(pair, str) else pair
    if (
        not isinstance(parts, list)
        or len(parts) != 2
        or not all(isinstance(part, str) and part and " " not in part for part in parts)
    ):
        raise _damaged()
    return " ".join(parts)


def _special_tokens(vocabulary: Vocabulary, config: Config, settings: Config) -> dict[str, int]:
    """Role → id, from tokenizer_config.json first, then config.json."""
    result: dict[str, int] = {}
    for role in ("eos", "bos", "pad"):
        number = _named(vocabulary, settings, role)
        if number is None:
            number = next(iter(config.token_ids(f"{role}_token_id", len(vocabulary.tokens))), None)
        if number is not None:
            result[role] = number
    if "eos" not in result:
        raise KnownError(
            "The model does not say which token ends its answers.",
            "Add eos_token to its tokenizer_config.json.",
        )
    # Without one llama.cpp assumes token 11, an ordinary word; it is never added to a text.
    first = vocabulary.find(GLM_START)
    result.setdefault("bos", result.get("pad", result["eos"]) if first is None else first)
    turn_end = vocabulary.find(TURN_END)
    if turn_end is not None:
        result["eot"] = turn_end
    return {"padding" if role == "pad" else role: number for role, number in result.items()}


def _further_ends(
    special: dict[str, int], generation: Config, config: Config, size: int
) -> dict[str, int]:
    """Tokens that also end an answer, in the roles llama.cpp has for them: eot and eom."""
    ends = generation.token_ids("eos_token_id", size) or config.token_ids("eos_token_id", size)
    further = [number for number in ends if number not in (special["eos"], special.get("eot"))]
    roles = [role for role in ("eot", "eom") if role not in special]
    return dict(zip(roles, further, strict=False))


def _named(vocabulary: Vocabulary, settings: Config, role: str) -> int | None:
    token = settings.token(f"{role}_token")
    if not token:
        return None
    return _number(vocabulary, token, "tokenizer_config.json")


def _number(vocabulary: Vocabulary, token: str, place: str) -> int:
    number = vocabulary.find(token)
    if number is None:
        raise KnownError(
            f'{place} names a token "{token[:40]}" that the tokenizer does not have.', FETCH_AGAIN
        )
    return number


def _damaged() -> KnownError:
    return KnownError("tokenizer.json is damaged.", FETCH_AGAIN)

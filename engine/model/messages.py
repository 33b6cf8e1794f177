"""The messages between the application and the model child; protocol.py frames them."""

from dataclasses import dataclass
from typing import get_args


@dataclass(frozen=True, slots=True)
class Load:
    """Open a model file.

    threads, threads_batch: of the computation, one token at a time and many; memory: bytes the
    child may allocate; batch: prompt tokens per step; kv_type: "f16", "q8_0", "q4_0"; sequences:
    conversations in memory at once; parked: bytes for those that are set aside; draft: a smaller
    model that guesses ahead, or ""; curve_sizes, curve_costs: what decoding so many tokens at once
    costs, as multiples of one; flash_until: where flash is off, how many tokens may be held in a
    small memory with flash attention before the large one is used, 0 = none.
    """

    id: int
    path: str
    n_ctx: int
    threads: int
    threads_batch: int
    memory: int
    flash: bool = False
    batch: int = 256
    kv_type: str = "f16"
    mmap: bool = True
    repack: bool = True
    gpu_layers: int = 0
    sequences: int = 1
    parked: int = 0
    draft: str = ""
    curve_sizes: tuple[int, ...] = ()
    curve_costs: tuple[float, ...] = ()
    flash_until: int = 0


@dataclass(frozen=True, slots=True)
class Generate:
    """Continue the prompt; answered by Prefill*, (Text | Token)*, Done.

    The fields are those of generation.GenerateRequest; a thought is thought_start …, with an empty
    thought_end where there is none.
    """

    id: int
    prompt: str
    grammar: str | None
    triggers: tuple[str, ...]
    stop: tuple[str, ...]
    max_tokens: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    presence_penalty: float
    frequency_penalty: float
    repeat_penalty: float
    seed: int
    bias_tokens: tuple[int, ...]
    bias_values: tuple[float, ...]
    logprobs: int
    ignore_end: bool
    session: str
    priority: int
    speculate: bool
    keep: str
    thought_opened: bool
    thought_start: str
    thought_end: str
    thought_budget: int


@dataclass(frozen=True, slots=True)
class Score:
    """Log-probabilities of continuations of the prompt; answered by Scores."""

    id: int
    prompt: str
    continuations: tuple[str, ...]
    session: str
    priority: int


@dataclass(frozen=True, slots=True)
class Count:
    """Tokens of a text; answered by Counted."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Tokenize:
    """A text's tokens. start: it begins a sequence; special: names of special tokens are them.
    Answered by Tokens."""

    id: int
    text: str
    start: bool
    special: bool


@dataclass(frozen=True, slots=True)
class Detokenize:
    """What tokens stand for; answered by Spelled."""

    id: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Embed:
    """Mean-pooled vectors of texts; answered by Vectors."""

    id: int
    texts: tuple[str, ...]
    priority: int


@dataclass(frozen=True, slots=True)
class Adapt:
    """Use these LoRA files, each with its scale, from now on; answered by Adapted."""

    id: int
    paths: tuple[str, ...]
    scales: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Save:
    """Write a session's state to a file, encrypted; answered by Kept.

    key: 32 bytes as hex; bound: what the state belongs to, without which it cannot be read.
    """

    id: int
    session: str
    path: str
    key: str
    bound: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Read a session's state from a file, unless memory holds that session; answered by Kept."""

    id: int
    session: str
    path: str
    key: str
    bound: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop a session's state; answered by Kept."""

    id: int
    session: str


@dataclass(frozen=True, slots=True)
class Prove:
    """Try what the sandbox forbids; answered by Proven."""

    id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """End request `id` now; it answers as it would at its end."""

    id: int


@dataclass(frozen=True, slots=True)
class Hello:
    """The child's first event: the version of these messages it speaks."""

    id: int
    version: int


@dataclass(frozen=True, slots=True)
class Loading:
    """How far the load is, 0…1."""

    id: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is ready with a context of n_ctx tokens."""

    id: int
    n_ctx: int


@dataclass(frozen=True, slots=True)
class Later:
    """A Cancel was heard; the request ends after the step that is under way for others."""

    id: int


@dataclass(frozen=True, slots=True)
class Prefill:
    """The child has read `done` of `total` prompt tokens."""

    id: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the answer and its natural-log probability, with those of the likeliest ones.

    Pieces are bytes, written as Latin-1. Sent before the text it is part of.
    """

    id: int
    token: int
    piece: str
    logprob: float
    top_tokens: tuple[int, ...]
    top_pieces: tuple[str, ...]
    top_logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an answer, with its figures (see generation.Stats)."""

    id: int
    prompt_tokens: int
    cached_tokens: int
    tokens: int
    prompt_seconds: float
    seconds: float
    finish: str
    drafted: int
    accepted: int
    n_ctx: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Answers Score, in its order."""

    id: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """Answers Count."""

    id: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """Answers Tokenize."""

    id: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spelled:
    """Answers Detokenize: each token's piece, bytes written as Latin-1."""

    id: int
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Answers Embed: vectors of `width` numbers one after the other."""

    id: int
    width: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Adapted:
    """Answers Adapt."""

    id: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Answers Save, Restore and Forget: the tokens of the session that were saved or are held."""

    id: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Proven:
    """Answers Prove: what was tried, for each whether the system denied it, and why not all
    is enforced, "" where it is."""

    id: int
    attempts: tuple[str, ...]
    denied: tuple[bool, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed. kind: "known" (sentence and hint are for the user), "bad request" (a
    mistake of the caller's), "cancelled", "context" (the prompt alone is too long; the sentence is
    "PROMPT_TOKENS N_CTX"), or, for a load, "memory", "architecture", "damaged"."""

    id: int
    kind: str
    sentence: str
    hint: str


Request = (
    Load
    | Generate
    | Score
    | Count
    | Tokenize
    | Detokenize
    | Embed
    | Adapt
    | Save
    | Restore
    | Forget
    | Prove
    | Cancel
)
Event = (
    Hello
    | Loading
    | Loaded
    | Later
    | Prefill
    | Text
    | Token
    | Done
    | Scores
    | Counted
    | Tokens
    | Spelled
    | Vectors
    | Adapted
    | Kept
    | Proven
    | Failed
)
REQUESTS: dict[str, type[Request]] = {kind.__name__: kind for kind in get_args(Request)}
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}

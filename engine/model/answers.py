"""Which events may answer which request. A child that was taken over sends what it likes."""

import re

from engine.model import messages
from engine.model.messages import Event, Request
from engine.model.protocol import ProtocolError

_KINDS: dict[type[Request], tuple[type[Event], ...]] = {
    messages.Load: (messages.Loading, messages.Loaded),
    messages.Generate: (messages.Prefill, messages.Text, messages.Token, messages.Done),
    messages.Score: (messages.Scores,),
    messages.Count: (messages.Counted,),
    messages.Tokenize: (messages.Tokens,),
    messages.Detokenize: (messages.Spelled,),
    messages.Embed: (messages.Vectors,),
    messages.Adapt: (messages.Adapted,),
    messages.Save: (messages.Kept,),
    messages.Restore: (messages.Kept,),
    messages.Forget: (messages.Kept,),
    messages.Prove: (messages.Proven,),
}
_ALWAYS = (messages.Failed, messages.Later)
_COUNTS = re.compile(r"[0-9]{1,12} [0-9]{1,12}")


def check_answer(request: Request, event: Event) -> None:
    """Raise ProtocolError for an event that cannot be an answer to this request."""
    kinds = (*_KINDS.get(type(request), ()), *_ALWAYS)
    if not isinstance(event, kinds) or not _fits(request, event):
        raise ProtocolError(f"a {type(event).__name__} to a {type(request).__name__}")


def _fits(request: Request, event: Event) -> bool:
    """Whether what the event says can be, as far as those who read it rely on that."""
    match request, event:
        case _, messages.Loading(fraction=fraction):
            return 0 <= fraction <= 1
        case _, messages.Loaded(n_ctx=n_ctx):
            return n_ctx > 0
        case _, messages.Prefill(done=done, total=total):
            return done <= total and total > 0
        case _, messages.Token() as token:
            return len(token.top_tokens) == len(token.top_pieces) == len(token.top_logprobs)
        case _, messages.Done() as done:
            return min(done.prompt_seconds, done.seconds) >= 0
        case messages.Score() as asked, messages.Scores(values=values):
            return len(values) == len(asked.continuations)
        case messages.Detokenize() as asked, messages.Spelled(pieces=pieces):
            return len(pieces) == len(asked.tokens)
        case messages.Embed() as asked, messages.Vectors() as vectors:
            return vectors.width > 0 and len(vectors.values) == vectors.width * len(asked.texts)
        case _, messages.Proven() as proven:
            return len(proven.attempts) == len(proven.denied)
        case messages.Load(), messages.Failed():
            return True  # whatever its kind is, the model is refused
        case _, messages.Failed(kind="context", sentence=sentence):
            reads = messages.Generate | messages.Score | messages.Embed
            return isinstance(request, reads) and bool(_COUNTS.fullmatch(sentence))
        case _, messages.Failed(kind="bad request"):
            return isinstance(request, messages.Generate | messages.Detokenize)
        case _, messages.Failed(kind=kind):
            return kind in ("known", "cancelled")
    return True

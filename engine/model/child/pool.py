"""The conversations in working memory: which one holds what, and which are set aside.

Attention looks at every cell in use, also those of conversations nobody is having, so these are
set aside as bytes ("parked") and brought back when they go on. Where the context has a small memory
with flash attention, it is used as long as there is little to hold. Nothing here decodes.
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field

from engine.model.child.context import Context
from engine.model.child.state_layout import State

IDLE_TOKENS = 512  # more than these in idle conversations slow the others down: park them
CHECKPOINTS = 8
SHARE = 32  # fewer common tokens are read again rather than copied


@dataclass(eq=False, slots=True)
class Sequence:
    """One conversation. tokens: what it is to hold; held: how many of them it does.

    slot: the library's number for it, None where it is parked or empty; parked: its state, of so
    many tokens; checkpoints: (length, state) of models that cannot be cut; busy: a task is using
    it; used: grows with every use.
    """

    session: str
    tokens: list[int] = field(default_factory=list)
    held: int = 0
    slot: int | None = None
    parked: State | None = None
    parked_tokens: int = 0
    checkpoints: list[tuple[int, State]] = field(default_factory=list)
    busy: bool = False
    priority: int = 0
    used: int = 0

    def common(self, tokens: list[int]) -> int:
        """How many of `tokens` it holds at its beginning."""
        most = min(self.held, len(tokens))
        if self.tokens[:most] == tokens[:most]:
            return most
        pairs = zip(self.tokens[:most], tokens, strict=False)
        return next(index for index, (mine, other) in enumerate(pairs) if mine != other)


class Pool:
    """Hands out sequences; parked_bytes: how much those that are set aside may occupy."""

    def __init__(self, context: Context, parked_bytes: int) -> None:
        self._context = context
        self._parked_bytes = parked_bytes
        self._sessions: dict[str, Sequence] = {}
        self._extra: list[Sequence] = []  # in use beside their sessions' own
        self._resident: list[Sequence] = []
        self._free = list(range(context.sequences - 1, -1, -1))
        # Idle conversations must not keep a short one out of the small memory.
        self._idle_tokens = min(IDLE_TOKENS, context.flash_until // 2 or IDLE_TOKENS)
        self._clock = itertools.count(1)

    @property
    def busy(self) -> int:
        """How many sequences are in use."""
        return sum(one.busy for one in self._all())

    def take(self, session: str, tokens: list[int], priority: int) -> Sequence:
        """A sequence for these tokens that holds as much of their beginning as there is.

        The last token is never held already: its logits are wanted.
        """
        own = self._sessions.setdefault(session, Sequence(session))
        if own.busy:  # two questions of one session at once
            own = Sequence(session)
            self._extra.append(own)
        limit = len(tokens) - 1
        common = min(own.common(tokens), limit)
        if self._context.partial:
            best = max(self._all(), key=lambda one: one.common(tokens))
            shared = min(best.common(tokens), limit)
            if best is not own and shared > common + SHARE and self._share(best, own, shared):
                common = shared
        self.cut(own, common)
        own.tokens = list(tokens)
        own.busy, own.priority, own.used = True, priority, next(self._clock)
        self._park_idle(own)
        if not self._context.is_shallow and self._tokens(own) <= self._context.flash_until // 2:
            self._move()
        return own

    def give_back(self, sequence: Sequence) -> None:
        """The task is over; what the sequence holds stays for the next one."""
        del sequence.tokens[sequence.held :]
        sequence.busy = False
        if self._sessions.get(sequence.session) is not sequence:
            if sequence in self._extra:
                self._extra.remove(sequence)
            self._drop(sequence)

    def cut(self, sequence: Sequence, length: int) -> None:
        """Let it hold no more than `length` tokens; models that cannot be cut may hold fewer."""
        del sequence.tokens[length:]
        if sequence.held <= length:
            return
        if sequence.slot is None:
            # Its state is cut when it is brought back.
            before = [at for at, _ in sequence.checkpoints if at <= length]
            sequence.held = length if self._context.partial else max(before, default=0)
            return
        if self._context.partial and self._context.cut(sequence.slot, length):
            sequence.held = length
            return
        self._go_back(sequence, length)

    def bring_in(self, sequence: Sequence, keep: Collection[Sequence]) -> bool:
        """Make it resident with room for its tokens, at the cost of any but those in `keep`."""
        if not self._make_room(sequence, keep):
            return False
        if self._context.is_shallow and self._tokens(sequence) > self._context.flash_until:
            self._move()
        if sequence.slot is not None:
            return True
        sequence.slot = self._free.pop()
        self._resident.append(sequence)
        state, sequence.parked = sequence.parked, None
        if state is None or not sequence.held:
            sequence.held = 0
        elif not self._context.set_state(sequence.slot, state):
            self._context.cut(sequence.slot, 0)
            sequence.held = 0
        elif self._context.partial or sequence.held < sequence.parked_tokens:
            self.lost(sequence)  # the state may go on beyond what was wanted of it
        return True

    def checkpoint(self, sequence: Sequence) -> None:
        """Remember the state of a model that cannot be cut, at what the sequence holds now."""
        assert sequence.slot is not None
        state = self._context.state(sequence.slot, partial=True)
        kept = [one for one in sequence.checkpoints if one[0] != sequence.held]
        sequence.checkpoints = [*kept, (sequence.held, state)][-CHECKPOINTS:]

    def lost(self, sequence: Sequence) -> None:
        """A decoding step broke off: what it added is dropped."""
        if sequence.slot is not None and not (
            self._context.partial and self._context.cut(sequence.slot, sequence.held)
        ):
            self._go_back(sequence, sequence.held)

    def clear(self) -> None:
        """Forget all that was read, as the model is no longer the same."""
        for sequence in self._all():
            sequence.held, sequence.parked = 0, None
            sequence.checkpoints.clear()
            if sequence.slot is not None:
                self._context.cut(sequence.slot, 0)

    def forget(self, session: str) -> None:
        """Drop a session; one in use is dropped by its task's end."""
        sequence = self._sessions.pop(session, None)
        if sequence is None:
            return
        if sequence.busy:
            self._extra.append(sequence)
        else:
            self._drop(sequence)

    def snapshot(self, session: str) -> tuple[list[int], State] | None:
        """The tokens a session holds, and a copy of their state; None if there is nothing."""
        sequence = self._sessions.get(session)
        if sequence is None or not sequence.held:
            return None
        if sequence.slot is not None:
            return sequence.tokens[: sequence.held], self._context.state(sequence.slot)
        if sequence.parked is None:
            return None
        if not self._context.partial and sequence.held < sequence.parked_tokens:
            return None
        return sequence.tokens[: sequence.held], sequence.parked.copy()

    def held(self, session: str) -> int:
        """How many tokens of a session there are."""
        sequence = self._sessions.get(session)
        return 0 if sequence is None else sequence.held

    def put(self, session: str, tokens: list[int], state: State) -> None:
        """Add a session that was saved before."""
        self.forget(session)
        size, used = len(tokens), next(self._clock)
        self._sessions[session] = sequence = Sequence(
            session, tokens, size, parked=state, parked_tokens=size, used=used
        )
        in_use = [one for one in self._resident if one.busy]
        self.bring_in(sequence, in_use)
        self._limit_parked()

    def _all(self) -> list[Sequence]:
        return [*self._sessions.values(), *self._extra]

    def _share(self, source: Sequence, target: Sequence, length: int) -> bool:
        """Let `target` hold the first tokens of `source`; False if that cannot be done."""
        if source.slot is None:
            if source.parked is None:
                return False
            self._drop_contents(target)
            target.parked, target.parked_tokens = source.parked, source.parked_tokens
            target.tokens, target.held = source.tokens[:length], length
            return True
        self._drop_contents(target)
        if not self._free and not self._make_room(target, (source,)):
            return False
        target.slot = self._free.pop()
        self._resident.append(target)
        self._context.copy(source.slot, target.slot, length)
        target.tokens, target.held = source.tokens[:length], length
        return True

    def _go_back(self, sequence: Sequence, length: int) -> None:
        """Return to the last checkpoint at or before `length`, or to nothing."""
        assert sequence.slot is not None
        sequence.checkpoints = [one for one in sequence.checkpoints if one[0] <= length]
        while sequence.checkpoints:
            at, state = sequence.checkpoints[-1]
            if self._context.set_state(sequence.slot, state, partial=True):
                self._context.cut(sequence.slot, at)
                sequence.held = at
                return
            sequence.checkpoints.pop()
        self._context.cut(sequence.slot, 0)
        sequence.held = 0

    def _make_room(self, sequence: Sequence, keep: Collection[Sequence]) -> bool:
        """Park others until there is a slot and room for the sequence's tokens."""
        others = [one for one in self._resident if one is not sequence and one not in keep]
        # First those nobody is using, then the least urgent.
        others.sort(key=lambda one: (not one.busy, one.priority if one.busy else 0, -one.used))
        while not self._fits(sequence):
            if not others:
                return False
            self.park(others.pop())
        return True

    def _fits(self, sequence: Sequence) -> bool:
        if sequence.slot is None and not self._free:
            return False
        return self._others(sequence) + len(sequence.tokens) <= self._context.n_ctx

    def _tokens(self, sequence: Sequence) -> int:
        """How many tokens memory has to hold with this sequence in it."""
        own = len(sequence.tokens)
        if sequence.parked is not None:
            own = max(own, sequence.parked_tokens)  # all of them come back before some are cut
        return self._others(sequence) + own

    def _others(self, sequence: Sequence) -> int:
        others = (one for one in self._resident if one is not sequence)
        return sum(len(one.tokens) if one.busy else one.held for one in others)

    def _move(self) -> None:
        """Go over to the context's other memory; what is lost on the way is read again."""
        resident = {one.slot: one for one in self._resident if one.slot is not None}
        for slot in self._context.move(resident):
            resident[slot].held = 0

    def _park_idle(self, beside: Sequence) -> None:
        idle = [one for one in self._resident if not one.busy and one is not beside]
        if sum(one.held for one in idle) > self._idle_tokens:
            for sequence in idle:
                if self._size(sequence) <= self._parked_bytes:
                    self.park(sequence)

    def park(self, sequence: Sequence) -> None:
        """Set a sequence aside, with its state as far as there is room for it."""
        assert sequence.slot is not None
        if self._size(sequence) > self._parked_bytes:
            self._drop_contents(sequence)
            return
        if sequence.held:
            sequence.parked = self._context.state(sequence.slot)
            sequence.parked_tokens = sequence.held
        self._vacate(sequence)
        self._limit_parked()

    def _size(self, sequence: Sequence) -> int:
        """Bytes it occupies when it is set aside."""
        size = sum(state.size for _, state in sequence.checkpoints)
        if sequence.parked is not None:
            return size + sequence.parked.size
        return size + (self._context.state_size(sequence.slot) if sequence.slot is not None else 0)

    def _limit_parked(self) -> None:
        parked = [one for one in self._all() if one.parked is not None]
        parked.sort(key=lambda one: one.used)
        total = sum(map(self._size, parked))
        for sequence in parked:
            if total <= self._parked_bytes:
                return
            total -= self._size(sequence)
            self._drop_contents(sequence)
            if not sequence.busy:
                del self._sessions[sequence.session]

    def _drop(self, sequence: Sequence) -> None:
        self._drop_contents(sequence)
        sequence.tokens.clear()

    def _drop_contents(self, sequence: Sequence) -> None:
        sequence.parked, sequence.held = None, 0
        sequence.checkpoints.clear()
        self._vacate(sequence)

    def _vacate(self, sequence: Sequence) -> None:
        if sequence.slot is None:
            return
        self._context.cut(sequence.slot, 0)
        self._free.append(sequence.slot)
        self._resident.remove(sequence)
        sequence.slot = None

"""Runs the child's tasks side by side: whose tokens are decoded next.

A task is a generator. It says what it wants decoded by yielding a Want and goes on when that is
done, with logits to look at until it yields again; by yielding None it says that it computes
something by itself when it goes on. The most urgent tasks run, the others wait; equals share each
step, those that write before those that read, and take turns with one that computes by itself.
"""

from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from engine.core.errors import Cancelled
from engine.model.child.context import MAX_ROWS, Context, Full, Part, Row
from engine.model.child.pool import Pool, Sequence
from engine.model.messages import Event

PREFILL_BESIDE = 64  # prompt tokens per step while others write, who would wait for more

OnProgress = Callable[[int, int], None]
OnRow = Callable[[int, Row], None]


@dataclass(slots=True)
class Want:
    """Make the sequence hold all its tokens.

    first_row: the position from which on logits are wanted; rows: of those, which come in one
    step; on_row: instead, called with the logits of each, once, as they come; on_progress: tokens
    held, of all; checkpoints: lengths at which a model that cannot be cut is remembered; alone:
    whether nothing else as urgent was going on.
    """

    sequence: Sequence
    first_row: int
    on_progress: OnProgress | None = None
    on_row: OnRow | None = None
    checkpoints: tuple[int, ...] = ()
    alone: bool = True
    rows: dict[int, int] = field(default_factory=dict)


Work = Generator[Want | None, None, Event]
"""A task's steps; what it returns is its last event."""


@dataclass(eq=False, slots=True)
class Task:
    """One request being answered. turn: of the last step that wrote for it."""

    id: int
    priority: int
    work: Work
    want: Want | None = None
    turn: int = 0


class Scheduler:
    """Takes tasks and steps them on; finish(task, event or error) is called at each one's end.

    computing: a context for what is computed, given the ids of those it is for.
    """

    def __init__(
        self,
        context: Context,
        pool: Pool,
        finish: Callable[[Task, Event | Exception], None],
        computing: Callable[[Collection[int]], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._context = context
        self._pool = pool
        self._finish = finish
        self._computing = computing
        self._tasks: list[Task] = []
        self._turn = 0
        self._shared = False  # whether the last step was one of decoding
        self._most: int | None = None  # tasks in the next step, where memory proved too small

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._tasks)

    def add(self, task: Task) -> None:
        """Begin a task."""
        self._tasks.append(task)
        self._advance(task)

    def cancel(self, request_id: int) -> None:
        """End a task early; it may still have something to say."""
        for task in self._tasks:
            if task.id == request_id:
                self._advance(task, Cancelled())
                return

    def step(self) -> None:
        """Compute once for the most urgent tasks. On abort nothing happens: cancel, then go on."""
        urgent = min(task.priority for task in self._tasks)
        tasks = [task for task in self._tasks if task.priority == urgent]
        apart = [task for task in tasks if task.want is None]
        self._shared = not apart or (len(apart) < len(tasks) and not self._shared)
        if self._shared:
            self._decode(tasks)
        else:
            self._advance(apart[0])  # the first to its end: they have one memory

    def _decode(self, tasks: list[Task]) -> None:
        wants: list[tuple[Task, Want, Part]] = []
        kept: list[Sequence] = []
        ready: list[tuple[Task, Want]] = []
        for task, want in self._in_order(tasks)[: self._most]:
            if self._pool.bring_in(want.sequence, kept):
                kept.append(want.sequence)
                ready.append((task, want))
        for task, want in ready:
            part = self._part(want, wants)
            if part is not None:
                wants.append((task, want, part))
        if not wants:
            self._give_up(next(task for task in tasks if task.want is not None))
            return
        try:
            with self._computing([task.id for task, _, _ in wants]):
                rows = self._context.decode([part for _, _, part in wants])
        except Cancelled:
            for _, want, _ in wants:
                self._pool.lost(want.sequence)
            return
        except Full:
            for _, want, _ in wants:
                self._pool.lost(want.sequence)
            self._relieve(wants)
            return
        self._most = None
        self._turn += 1
        for (task, want, part), own_rows in zip(wants, rows, strict=True):
            task.turn = self._turn if _left(want) <= MAX_ROWS else 0
            want.alone = len(tasks) == 1
            self._note(want, part, own_rows)
        for task, want, _ in wants:
            if want.sequence.held == len(want.sequence.tokens):
                self._advance(task)

    def _in_order(self, tasks: list[Task]) -> list[tuple[Task, Want]]:
        """Those that write first, who waited longest before; then those that read, as they came.

        Who is not in memory comes last of these, so that nobody is moved about in vain.
        """
        pairs = [(task, task.want) for task in tasks if task.want is not None]

        def place(pair: tuple[Task, Want]) -> tuple[bool, bool, int]:
            task, want = pair
            reads = _left(want) > MAX_ROWS
            return reads, not reads and want.sequence.slot is None, 0 if reads else task.turn

        return sorted(pairs, key=place)

    def _part(self, want: Want, before: list[tuple[Task, Want, Part]]) -> Part | None:
        """As many of the wanted tokens as fit into this step; None for none."""
        sequence, start = want.sequence, want.sequence.held
        room = self._context.batch - sum(len(part.tokens) for _, _, part in before)
        rows = MAX_ROWS - sum(_rows(part) for _, _, part in before)
        left = _left(want)
        if before and left > MAX_ROWS:
            room = min(room, PREFILL_BESIDE)
        end = start + min(left, room)
        if end > want.first_row:
            end = min(end, max(start, want.first_row) + rows)
            if want.on_row is None and end < start + left:
                end = want.first_row
        if not self._context.partial:
            stops = [at for at in want.checkpoints if start < at < end]
            end = min(stops, default=end)
        if end <= start:
            return None
        return Part(_slot(sequence), start, sequence.tokens[start:end], want.first_row)

    def _note(self, want: Want, part: Part, rows: dict[int, int]) -> None:
        """Take down what a decoding step achieved."""
        sequence = want.sequence
        sequence.held = part.start + len(part.tokens)
        want.rows = rows
        if want.on_row is not None:
            for position, row in rows.items():
                want.on_row(position, self._context.logits(row))
                want.first_row = position + 1  # should it be read again, it was told
        if not self._context.partial and sequence.held in want.checkpoints:
            self._pool.checkpoint(sequence)
        if want.on_progress is not None:
            want.on_progress(sequence.held, len(sequence.tokens))

    def _relieve(self, wants: list[tuple[Task, Want, Part]]) -> None:
        """Memory turned out to be too small for these side by side: the last one waits."""
        if len(wants) == 1:
            self._give_up(wants[0][0])
            return
        self._most = len(wants) - 1
        if wants[-1][1].sequence.slot is not None:
            self._pool.park(wants[-1][1].sequence)

    def _give_up(self, task: Task) -> None:
        self._advance(task, Full())

    def _advance(self, task: Task, error: Exception | None = None) -> None:
        """Let a task go on to its next want or its end."""
        try:
            with self._computing((task.id,)):
                task.want = next(task.work) if error is None else task.work.throw(error)
        except StopIteration as end:
            self._end(task, end.value)
        except Exception as failure:  # noqa: BLE001  (sorted by who gets it: one task's end)
            self._end(task, failure)

    def _end(self, task: Task, result: Event | Exception) -> None:
        self._tasks.remove(task)
        self._finish(task, result)


def _left(want: Want) -> int:
    return len(want.sequence.tokens) - want.sequence.held


def _rows(part: Part) -> int:
    return max(0, part.start + len(part.tokens) - max(part.start, part.first_row))


def _slot(sequence: Sequence) -> int:
    assert sequence.slot is not None
    return sequence.slot

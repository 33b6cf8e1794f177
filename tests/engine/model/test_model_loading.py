"""Loading step by step: what is planned, what is asked of the child, what follows a refusal."""

import dataclasses
import queue
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.model import loading, messages
from engine.model.client import LoadOptions, ModelClient
from engine.model.diagnose import Cause
from engine.model.fit.memory import RESERVE
from engine.model.gguf.header import read_header
from engine.model.link import Answer, Ended, Link
from engine.model.loading import (
    LoadRefused,
    LoadSpec,
    load_in,
    load_notice,
    next_plan,
    plan_again,
    plan_load,
    used_factor,
)
from engine.model.tuning.settings import Tuning
from engine.model.tuning.steps import Plan, memory_for

TUNED = Tuning(
    threads=3,
    threads_batch=5,
    flash=True,
    batch=128,
    mmap=False,
    repack=False,
    cost_curve=((2, 1.5), (4, 2.0)),
)


class ScriptedLink:
    """A child that answers a load with given events, and then nothing."""

    def __init__(self, *events: messages.Event | Ended) -> None:
        self.events = events
        self.killed = False
        self.sent: messages.Load | None = None

    def request(self, request: messages.Request, on_done: Callable[[], None]) -> Answer:
        assert isinstance(request, messages.Load)
        self.sent = request
        answer: Answer = queue.SimpleQueue()
        for event in self.events:
            answer.put(event)
        return answer

    def kill(self) -> None:
        self.killed = True


def load(spec: LoadSpec, link: ScriptedLink, n_ctx: int = 1024) -> int:
    return load_in(cast(Link, link), spec, n_ctx, 1, lambda done: None)


def test_the_child_is_asked_for_what_was_tuned(tiny_model: Path) -> None:
    spec = plan_load(tiny_model, LoadOptions(n_ctx=2048, tuning=TUNED, sequences=2))
    link = ScriptedLink(messages.Loading(1, 0.5), messages.Loaded(1, 2048))
    assert load(spec, link, spec.plan.n_ctx) == 2048
    sent = link.sent
    assert sent is not None
    assert (sent.threads, sent.threads_batch, sent.flash, sent.batch) == (3, 5, True, 128)
    assert (sent.mmap, sent.repack, sent.kv_type, sent.sequences) == (False, False, "f16", 2)
    assert (sent.curve_sizes, sent.curve_costs) == ((2, 4), (1.5, 2.0))
    assert (sent.n_ctx, sent.gpu_layers, sent.draft) == (2048, 0, "")
    assert 1 << 30 < sent.memory < 2 << 30

    spec = plan_load(tiny_model, LoadOptions(threads=1, memory=99, gpu_layers=50, tuning=TUNED))
    link = ScriptedLink(messages.Loaded(1, 1024))
    load(spec, link)
    assert link.sent is not None
    assert (link.sent.threads, link.sent.threads_batch, link.sent.memory) == (1, 1, 99)
    assert link.sent.gpu_layers == 3  # two layers and the output


@pytest.mark.alone
def test_a_load_that_stands_still_is_ended(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "STANDSTILL_SECONDS", 0.1)
    spec = plan_load(tiny_model, LoadOptions())
    link = ScriptedLink(messages.Loading(1, 0.5))
    start = time.monotonic()
    with pytest.raises(LoadRefused) as caught:
        load(spec, link)
    assert (caught.value.cause, caught.value.died, link.killed) == ("stuck", True, True)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("event", "cause", "died"),
    [
        (messages.Failed(1, "memory", "log", ""), "memory", False),
        (messages.Failed(1, "tokenizer", "log", ""), "tokenizer", False),
        (messages.Failed(1, "something new", "log", ""), "damaged", False),
        (Ended(-6, "cudaMalloc failed: out of memory"), "graphics memory", True),
        (Ended(-9, ""), "memory", True),
        (Ended(-11, ""), "damaged", True),
    ],
)
def test_refusals(
    tiny_model: Path, event: messages.Failed | Ended, cause: Cause, died: bool
) -> None:
    with pytest.raises(LoadRefused) as caught:
        load(plan_load(tiny_model, LoadOptions()), ScriptedLink(event))
    assert (caught.value.cause, caught.value.died) == (cause, died)


def test_a_cancel_is_no_refusal(tiny_model: Path) -> None:
    spec = plan_load(tiny_model, LoadOptions())
    with pytest.raises(Cancelled):
        load(spec, ScriptedLink(messages.Failed(1, "cancelled", "", "")))


def test_plans_follow_each_other_and_are_told(tiny_model: Path) -> None:
    spec = plan_load(tiny_model, LoadOptions(n_ctx=4096, gpu_layers=2))
    assert spec.plan == spec.wanted == Plan(4096, 256, gpu_layers=2)
    assert load_notice(spec) == ""
    second = next_plan(spec, "graphics")
    assert second is not None
    assert second.plan.gpu_layers == 0
    third = next_plan(second, "memory")
    assert third is not None
    assert third.info.n_ctx == third.plan.n_ctx == 2048
    assert load_notice(third) == (
        "Memory is short: the model remembers 2,048 tokens instead of 4,096. "
        "The graphics card could not be used: the model runs on the processor."
    )
    assert next_plan(third, "architecture") is None


def test_a_load_leaves_the_reserve_of_the_badges_free(
    make_gguf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is parked is in what is left, so the child stays below what was free at the start."""
    path = tmp_path / "roomy.gguf"
    make_gguf.write_model(path, dataclasses.replace(make_gguf.TINY, context=1 << 16), "Roomy")
    options = LoadOptions(n_ctx=1 << 16, tuning=TUNED)
    whole = memory_for(read_header(path), Plan(1 << 16, 128, flash=True), 4, False, False).total
    for spare, n_ctx, parked in (
        (-1, 1 << 15, None),
        (0, 1 << 16, 0),
        (5 << 20, 1 << 16, 5 << 20),
        (1 << 30, 1 << 16, loading.PARKED),
    ):
        free = RESERVE + whole + spare
        monkeypatch.setattr(loading, "available_memory", lambda free=free: free)
        spec = plan_load(path, options)
        assert spec.plan.n_ctx == n_ctx
        link = ScriptedLink(messages.Loaded(1, n_ctx))
        load(spec, link, n_ctx)
        assert link.sent is not None
        assert link.sent.memory <= free
        assert parked is None or link.sent.parked == parked


def test_a_model_that_died_gets_the_memory_there_is_now(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = plan_load(tiny_model, LoadOptions())
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + (1 << 20))
    assert plan_again(spec, Ended(-9, "")).room == 1 << 20


def test_a_context_that_must_be_kept_small_needs_flash_attention(tiny_model: Path) -> None:
    small = dataclasses.replace(TUNED, flash=False, kv_type="q8_0")
    plan = plan_load(tiny_model, LoadOptions(tuning=small)).plan
    assert (plan.kv_type, plan.flash) == ("q8_0", True)


def test_a_small_context_beside_is_for_the_processor_alone(tiny_model: Path) -> None:
    tuned = dataclasses.replace(TUNED, flash=False, flash_until=300)
    spec = plan_load(tiny_model, LoadOptions(tuning=tuned))
    link = ScriptedLink(messages.Loaded(1, 1024))
    load(spec, link)
    assert link.sent is not None
    assert (link.sent.flash, link.sent.flash_until) == (False, 300)
    for changed, layers in (
        (dataclasses.replace(tuned, flash=True), 0),
        (dataclasses.replace(tuned, kv_type="q8_0"), 0),
        (tuned, 2),
    ):
        options = LoadOptions(tuning=changed, gpu_layers=layers)
        assert plan_load(tiny_model, options).plan.flash_until == 0


def test_a_small_context_beside_is_given_up_where_memory_is_short(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned = dataclasses.replace(TUNED, flash=False, flash_until=300)
    options = LoadOptions(n_ctx=2048, tuning=tuned)
    both = memory_for(read_header(tiny_model), Plan(2048, 128, flash_until=300), 4, False, False)
    for free, until in ((both.total, 300), (both.total - 1, 0)):
        monkeypatch.setattr(loading, "available_memory", lambda free=free: RESERVE + free)
        plan = plan_load(tiny_model, options).plan
        assert (plan.n_ctx, plan.flash_until) == (2048, until)
    monkeypatch.undo()
    second = next_plan(plan_load(tiny_model, options), "memory")
    assert second is not None
    assert (second.plan.n_ctx, second.plan.flash_until) == (2048, 0)


def test_a_real_child_loads_every_step(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, states: list[tuple[str, str]]
) -> None:
    """Down to the last step each plan is one that the library accepts."""
    wanted = plan_load(tiny_model, LoadOptions(n_ctx=2048))
    seen: list[Plan] = []
    original = load_in

    def refuse_until_the_last(
        link: Link, spec: LoadSpec, n_ctx: int, number: int, told: Callable[[float], None]
    ) -> int:
        got = original(link, spec, n_ctx, number, told)
        seen.append(spec.plan)
        if next_plan(spec, "memory") is not None:
            raise LoadRefused("memory")
        return got

    monkeypatch.setattr("engine.model.client.load_in", refuse_until_the_last)
    client = ModelClient(lambda state, notice: states.append((state, notice)))
    try:
        info = client.load(tiny_model, LoadOptions(n_ctx=2048))
        assert client.count("hello") > 0
    finally:
        client.close()
    assert info.n_ctx == 1024
    assert seen == [
        wanted.plan,
        Plan(1024, 256),
        Plan(1024, 256, "q8_0", flash=True),
        Plan(1024, 128, "q8_0", flash=True),
        Plan(1024, 64, "q8_0", flash=True),
    ]
    notice = next(notice for state, notice in states if state == "ready")
    assert notice == (
        "Memory is short: the model remembers 1,024 tokens instead of 2,048, stores them less "
        "exactly and reads in smaller steps."
    )


def test_graphics_layers_on_a_build_without_graphics_do_no_harm(
    new_client: Callable[[], ModelClient], tiny_model: Path
) -> None:
    client = new_client()
    client.load(tiny_model, LoadOptions(gpu_layers=3))
    assert client.count("hello") > 0


def test_a_draft_model_must_split_text_alike(
    make_gguf: ModuleType, tiny_model: Path, tmp_path: Path
) -> None:
    same, other = tmp_path / "same.gguf", tmp_path / "other.gguf"
    make_gguf.write_model(same, dataclasses.replace(make_gguf.TINY, layers=1), "Small", 7)
    make_gguf.write_model(other, dataclasses.replace(make_gguf.TINY, vocab=401), "Stranger")
    spec = plan_load(tiny_model, LoadOptions(draft=same))
    assert spec.draft_size > 0
    link = ScriptedLink(messages.Loaded(1, 1024))
    load(spec, link)
    assert link.sent is not None
    assert link.sent.draft == str(same)
    with pytest.raises(KnownError, match=r"Stranger cannot guess ahead for .*Tiny"):
        plan_load(tiny_model, LoadOptions(draft=other))


def test_what_such_models_really_use_counts(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = memory_for(read_header(tiny_model), Plan(2048, 128, flash=True), 4, False, False).total
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + whole)
    options = LoadOptions(n_ctx=2048, tuning=TUNED)
    assert plan_load(tiny_model, options).plan.n_ctx == 2048
    more = dataclasses.replace(options, factor=1.01)
    assert plan_load(tiny_model, more).plan.n_ctx == 1024
    spec = plan_load(tiny_model, options)
    assert used_factor(spec, 0) is None
    draft = dataclasses.replace(spec, options=dataclasses.replace(options, draft=tiny_model))
    assert used_factor(draft, 1 << 30) is None


def test_a_draft_model_costs_the_model_nothing(
    make_gguf: ModuleType, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where memory is short for both, nobody guesses ahead, and that is told."""
    draft = tmp_path / "same.gguf"
    make_gguf.write_model(draft, dataclasses.replace(make_gguf.TINY, layers=1), "Small", 7)
    options = LoadOptions(n_ctx=2048, tuning=TUNED, draft=draft)
    size = plan_load(tiny_model, options).draft_size
    alone = memory_for(read_header(tiny_model), Plan(2048, 128, flash=True), 4, False, False).total
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + alone + size)
    assert plan_load(tiny_model, options).options.draft == draft
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + alone + size - 1)
    spec = plan_load(tiny_model, options)
    assert (spec.plan.n_ctx, spec.options.draft, spec.draft_size) == (2048, None, 0)
    assert load_notice(spec) == "Memory is short: no other model guesses ahead."

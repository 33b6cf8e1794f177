"""What is given up when memory is short, in which order, and what is said about it."""

import itertools

import pytest

from engine.model.diagnose import CAUSES, Cause
from engine.model.gguf.header import GgufHeader
from engine.model.tuning.steps import Plan, all_steps, can_store_small, memory_for, step_down, told


def sizes(plans: list[Plan]) -> list[tuple[int, str, bool, int, int]]:
    return [(p.n_ctx, p.kv_type, p.flash, p.batch, p.gpu_layers) for p in plans]


def test_memory_on_the_processor() -> None:
    assert sizes(list(all_steps(Plan(8192, 256), "memory"))) == [
        (8192, "f16", False, 256, 0),
        (4096, "f16", False, 256, 0),
        (2048, "f16", False, 256, 0),
        (1024, "f16", False, 256, 0),
        (1024, "q8_0", True, 256, 0),
        (1024, "q8_0", True, 128, 0),
        (1024, "q8_0", True, 64, 0),
    ]


def test_the_small_context_beside_goes_first() -> None:
    wanted = Plan(2048, 256, flash_until=300)
    plans = list(all_steps(wanted, "memory"))
    assert plans[:3] == [wanted, Plan(2048, 256), Plan(1024, 256)]
    assert not any(plan.flash_until for plan in plans[1:])
    assert told(wanted, plans[1]) == ""  # nothing is lost but a few per cent of speed
    # 2 keys and 2 values of 64 numbers in 4 layers of 512 tokens in half precision, and scratch.
    beside = memory_for(header(64), wanted).total - memory_for(header(64), plans[1]).total
    assert 512 * 4 * 2 * 256 * 2 < beside < 3 * 512 * 4 * 2 * 256 * 2


def test_a_context_that_is_no_power_of_two_stays_above_the_smallest() -> None:
    assert [p.n_ctx for p in all_steps(Plan(5000, 64), "memory", small_kv=False)] == [
        5000,
        2500,
        1250,
    ]
    # Smaller ones that were wanted so are left alone.
    assert sizes(list(all_steps(Plan(512, 64), "memory", small_kv=False))) == [
        (512, "f16", False, 64, 0)
    ]


def test_memory_with_a_graphics_card() -> None:
    plans = list(all_steps(Plan(2048, 128, gpu_layers=5), "memory"))
    assert sizes(plans)[1:] == [
        (1024, "f16", False, 128, 5),
        (1024, "q8_0", True, 128, 5),
        (1024, "q8_0", True, 64, 5),
        (1024, "q8_0", True, 64, 2),
        (1024, "q8_0", True, 64, 1),
        (1024, "q8_0", True, 64, 0),
    ]


def test_a_full_graphics_card_gets_fewer_layers_then_main_memory_steps_down() -> None:
    plans = list(all_steps(Plan(2048, 64, gpu_layers=29), "graphics memory"))
    assert [p.gpu_layers for p in plans] == [29, 21, 15, 11, 8, 6, 4, 3, 2, 0, 0, 0]
    assert sizes(plans)[-3:] == [
        (2048, "f16", False, 64, 0),
        (1024, "f16", False, 64, 0),
        (1024, "q8_0", True, 64, 0),
    ]


@pytest.mark.parametrize("cause", ["graphics", "damaged", "stuck", "processor"])
def test_a_load_that_fails_on_the_card_is_tried_on_the_processor_once(cause: Cause) -> None:
    plan = step_down(Plan(4096, 256, gpu_layers=20), cause)
    assert plan == Plan(4096, 256)
    assert step_down(plan, cause) is None


def test_what_no_step_can_mend_is_not_tried_again() -> None:
    for cause in sorted(CAUSES - {"memory", "graphics memory"}):
        assert step_down(Plan(4096, 256), cause) is None  # type: ignore[arg-type]
    for cause in ("architecture", "tokenizer", "tensors", "unreadable"):
        assert step_down(Plan(4096, 256, gpu_layers=20), cause) is None


def header(key: int, layers: int = 4) -> GgufHeader:
    metadata = {
        "general.architecture": "qwen3",
        "qwen3.block_count": layers,
        "qwen3.embedding_length": 64,
        "qwen3.attention.head_count": 4,
        "qwen3.attention.key_length": key,
        "qwen3.attention.value_length": key,
    }
    return GgufHeader(3, metadata, (), 0)


def test_which_models_can_store_their_context_smaller() -> None:
    assert can_store_small(header(32))
    assert can_store_small(header(128))
    assert not can_store_small(header(16))
    assert not can_store_small(header(80))


def test_every_step_needs_less_memory() -> None:
    plans = list(all_steps(Plan(32768, 512), "memory"))
    needed = [memory_for(header(128), plan).total for plan in plans]
    assert all(later < earlier for earlier, later in itertools.pairwise(needed))


def test_told() -> None:
    wanted = Plan(8192, 256, gpu_layers=20)
    assert told(wanted, wanted) == ""
    # The card takes the rest of a wish for more layers than there are.
    assert told(Plan(8192, 256), Plan(2048, 256)) == (
        "Memory is short: the model remembers 2,048 tokens instead of 8,192."
    )
    assert told(Plan(8192, 256), Plan(1024, 128, "q8_0", flash=True)) == (
        "Memory is short: the model remembers 1,024 tokens instead of 8,192, stores them less "
        "exactly and reads in smaller steps."
    )
    assert told(wanted, Plan(8192, 256, gpu_layers=15)) == (
        "Memory is short: the model has 15 instead of 20 layers on the graphics card."
    )
    assert told(wanted, Plan(8192, 256)) == (
        "The graphics card could not be used: the model runs on the processor."
    )
    assert told(wanted, Plan(4096, 256)) == (
        "Memory is short: the model remembers 4,096 tokens instead of 8,192. "
        "The graphics card could not be used: the model runs on the processor."
    )

"""How presets are put into practice: what the user chose, and what a model's makers advise."""

from dataclasses import replace

import pytest

from engine.assistant.manner import LEAST_THOUGHT, manner_of
from engine.core.presets import BALANCED, CREATIVE, PRECISE, PRESETS, THINKING, Preset, anew
from engine.model.chat_types import Sampling

MAKERS = Sampling(0.15, 50, 0.9, 0.05, 1.5, 0.2, 1.1)
GREEDY = Sampling(0.0, 1, 1.0)


def drawn(sampling: Sampling) -> tuple[float, int, float]:
    return sampling.temperature, sampling.top_k, sampling.top_p


@pytest.mark.parametrize("preset", [BALANCED, THINKING])
def test_the_makers_advice_is_what_these_begin_with(preset: Preset) -> None:
    manner = manner_of(preset, MAKERS)
    assert manner.talk == MAKERS
    assert manner.figures == replace(MAKERS, temperature=0.15 if preset.thinking else 0.0)


@pytest.mark.parametrize("preset", [PRECISE, CREATIVE])
def test_a_manner_that_was_chosen_wins(preset: Preset) -> None:
    manner = manner_of(preset, MAKERS)
    assert drawn(manner.talk) == (preset.temperature, preset.top_k, preset.top_p)
    assert manner.figures.temperature == 0.0
    # What the preset says nothing about stays as advised.
    assert (manner.talk.min_p, manner.talk.presence_penalty) == (0.05, 1.5)
    assert (manner.talk.frequency_penalty, manner.talk.repeat_penalty) == (0.2, 1.1)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("advised", [None, GREEDY])
def test_where_no_free_draw_is_advised_the_preset_holds(
    preset: Preset, advised: Sampling | None
) -> None:
    """So the starter, whose advice is the likeliest word, is drawn from as it always was."""
    manner = manner_of(preset, advised)
    assert drawn(manner.talk) == (preset.temperature, preset.top_k, preset.top_p)
    assert drawn(manner.figures) == (preset.figures_temperature, preset.top_k, preset.top_p)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_model_that_always_thinks_has_room_for_it(preset: Preset) -> None:
    manner = manner_of(preset, MAKERS, always_thinks=True)
    assert manner.thinking
    assert manner.thought_tokens >= LEAST_THOUGHT
    by_choice = manner_of(preset, MAKERS)
    assert (by_choice.thinking, by_choice.thought_tokens) == (
        preset.thinking,
        preset.thought_tokens,
    )


def test_other_words_are_drawn_whatever_is_advised() -> None:
    assert manner_of(anew(BALANCED), MAKERS).talk.temperature == 0.4
    assert manner_of(anew(PRECISE), GREEDY).figures.temperature == 0.4
    assert manner_of(anew(CREATIVE), MAKERS).talk.temperature == 1.0

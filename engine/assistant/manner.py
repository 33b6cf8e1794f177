"""How a preset is put into practice with the model that answers."""

from dataclasses import dataclass, replace

from engine.core.presets import Preset
from engine.model.chat_types import Sampling

LEAST_THOUGHT = 600
"""Tokens for the thought of a model that always thinks, where the preset asks for none."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How answers are drawn. talk: in talk; figures: where an answer stands on figures.

    thinking, thought_tokens: as in Preset.
    """

    talk: Sampling
    figures: Sampling
    thinking: bool
    thought_tokens: int


def manner_of(
    preset: Preset, advised: Sampling | None = None, always_thinks: bool = False
) -> Manner:
    """The manner of a preset.

    advised: how the model's makers draw from it, None where that is not known; always_thinks: it
    cannot be kept from thinking, so there has to be room for that.
    """
    drawn = advised or Sampling()
    # Advice to take the likeliest word says nothing about how to draw freely.
    if not (preset.as_advised and drawn.temperature > 0):
        drawn = replace(
            drawn, temperature=preset.temperature, top_k=preset.top_k, top_p=preset.top_p
        )
        figures = preset.figures_temperature
    else:
        figures = drawn.temperature if preset.figures_temperature else 0.0
    return Manner(
        talk=replace(drawn, temperature=max(drawn.temperature, preset.least)),
        figures=replace(drawn, temperature=max(figures, preset.least)),
        thinking=preset.thinking or always_thinks,
        thought_tokens=max(preset.thought_tokens, LEAST_THOUGHT if always_thinks else 0),
    )

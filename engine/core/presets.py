"""How freely the model words its answers: a small fixed set, one chosen per chat."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Preset:
    """One manner of writing.

    temperature, top_k, top_p: of the draw in talk. figures_temperature: of answers that stand on
    figures; 0 takes the likeliest word. thinking: whether the model may think first, where it has
    a choice; thought_tokens: room for that beside the answer. as_advised: a model whose makers
    advise how to draw freely is drawn from like that; the numbers are for all others. least: what
    the temperatures are at least.
    """

    id: str
    temperature: float
    top_k: int
    top_p: float
    figures_temperature: float = 0.0
    thinking: bool = False
    thought_tokens: int = 0
    as_advised: bool = False
    least: float = 0.0


PRECISE = Preset("precise", 0.0, 20, 0.95)
"""The same words every time; what a chat begins with."""

# 0.7/0.8 and 0.6/0.95 are what the makers of Qwen3 advise without and with thinking; a thinking
# model that always takes the likeliest word repeats itself without end.
BALANCED = Preset("balanced", 0.7, 20, 0.8, as_advised=True)
CREATIVE = Preset("creative", 1.0, 40, 0.95)
THINKING = Preset(
    "thinking", 0.6, 20, 0.95, 0.6, thinking=True, thought_tokens=1_500, as_advised=True
)

_ANEW = 0.4  # enough for other words; small models talk nonsense above

PRESETS = (PRECISE, BALANCED, CREATIVE, THINKING)


def preset_of(preset_id: str) -> Preset:
    """The preset of this id; PRECISE for one that this version does not know."""
    return next((one for one in PRESETS if one.id == preset_id), PRECISE)


def anew(preset: Preset) -> Preset:
    """The same, for an answer that is to come in other words than before."""
    return replace(preset, least=_ANEW)

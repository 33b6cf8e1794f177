"""What each layer of a model remembers, by the numbers in its header.

Key names and defaults are llama.cpp's; a number that is missing or absurd counts as its default,
so that any header gets an answer.
"""

from dataclasses import dataclass
from itertools import cycle, islice

from engine.model.gguf.header import GgufHeader

MAX_LAYERS = 4096
LARGEST = 1 << 32

# Of every so many layers one sees the whole context, the others a window. First or last of them.
_PERIODS = {
    "afmoe": 4,
    "cohere2": 4,
    "cohere2moe": 4,
    "exaone-moe": 4,
    "exaone4": 4,
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gpt-oss": 2,
    "llama4": 4,
    "mellum": 4,
    "olmo2": 4,
    "plamo3": 8,
    "smallthinker": 4,
}
_WHOLE_FIRST = {"cohere2moe", "smallthinker"}
_WINDOWS = {
    "exaone-moe": 128,
    "exaone4": 4096,
    "gemma2": 4096,
    "llama4": 8192,
    "smallthinker": 4096,
}
# Of every so many layers the last has attention, the others a state.
_INTERVALS = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
_STATE_ONLY = {"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"}
_STATE_AND_ATTENTION = {"falcon-h1"}
_STATE_BYTES = 4  # an F32


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer keeps: numbers per token, split into keys and values, and bytes per sequence.

    window: how many tokens it sees, 0 for all.
    """

    keys: int
    values: int
    window: int
    state: int


def number(header: GgufHeader, key: str, default: int) -> int:
    """A plausible whole number stored under "<architecture>.<key>", else the default."""
    value = header.number(key, default)
    return value if 0 <= value < LARGEST else default


def per_layer(header: GgufHeader, key: str, layers: int, default: int) -> list[int]:
    """A number the file gives once for all layers, or as a list with one entry per layer."""
    value = header.metadata.get(f"{header.architecture}.{key}")
    if not isinstance(value, tuple):
        return [number(header, key, default)] * layers
    items = [
        int(item) if isinstance(item, int) and 0 <= item < LARGEST else default for item in value
    ]
    return (items + [default] * layers)[:layers]


def layer_count(header: GgufHeader) -> int:
    """How many layers the model has, 1 to 4,096."""
    return max(1, min(number(header, "block_count", 1), MAX_LAYERS))


def layers_of(header: GgufHeader) -> list[Layer]:
    """Every layer of the model, the first one first."""
    count = layer_count(header)
    width = number(header, "embedding_length", 1)
    heads = per_layer(header, "attention.head_count", count, 1)
    usual = width // max(*heads, 1)
    key_value_heads = per_layer(header, "attention.head_count_kv", count, max(heads))
    windows = _windows(header, count)
    recurrent = _recurrent(header, count, key_value_heads)
    state = _state(header)
    shared = number(header, "attention.shared_kv_layers", 0)
    both = header.architecture in _STATE_AND_ATTENTION
    found = []
    for index in range(count):
        key, value = (_length(header, part, windows[index], usual) for part in ("key", "value"))
        if number(header, "attention.value_length_mla", 0):  # values are a part of the keys
            value = 0
        own = key_value_heads[index]
        if (recurrent[index] and not both) or index >= count - shared:
            own = 0
        found.append(
            Layer(own * key, own * value, windows[index], state if recurrent[index] else 0)
        )
    return found


def can_be_cut(header: GgufHeader) -> bool:
    """Whether every layer keeps all it has read, so that a part of it can be forgotten."""
    return not any(layer.window or layer.state for layer in layers_of(header))


def _length(header: GgufHeader, part: str, window: int, usual: int) -> int:
    """Numbers per head of a layer's keys or values; windowed layers may have their own."""
    length = number(header, f"attention.{part}_length", usual)
    return number(header, f"attention.{part}_length_swa", length) if window else length


def _windows(header: GgufHeader, layers: int) -> list[int]:
    kind = header.architecture
    window = number(header, "attention.sliding_window", _WINDOWS.get(kind, 0))
    pattern = header.metadata.get(f"{kind}.attention.sliding_window_pattern")
    if isinstance(pattern, tuple) and pattern:
        return [window if seen else 0 for seen in islice(cycle(pattern), layers)]
    period = number(header, "attention.sliding_window_pattern", _PERIODS.get(kind, 0))
    if kind not in _PERIODS or not period:  # a window that llama.cpp does not use for this kind
        return [0] * layers
    whole = 0 if kind in _WHOLE_FIRST else period - 1
    return [0 if index % period == whole else window for index in range(layers)]


def _recurrent(header: GgufHeader, layers: int, key_value_heads: list[int]) -> list[bool]:
    kind = header.architecture
    if kind in _STATE_ONLY or kind in _STATE_AND_ATTENTION:
        return [True] * layers
    listed = header.metadata.get(f"{kind}.attention.recurrent_layers")
    if isinstance(listed, tuple) and listed:
        return [bool(item) for item in islice(cycle(listed), layers)]
    interval = number(header, "full_attention_interval", _INTERVALS.get(kind, 0))
    if interval:
        return [(index + 1) % interval != 0 for index in range(layers)]
    return [not heads for heads in key_value_heads]


def _state(header: GgufHeader) -> int:
    """Bytes a recurrent layer keeps of a sequence: of the convolution and of the state itself."""
    width = number(header, "embedding_length", 1)
    head = number(header, "wkv.head_size", 0)
    if head:
        return (number(header, "token_shift_count", 2) + head) * width * _STATE_BYTES
    cache = number(header, "shortconv.l_cache", 0)
    if cache:
        return width * (cache - 1) * _STATE_BYTES
    inner = number(header, "ssm.inner_size", 0)
    size = number(header, "ssm.state_size", 0)
    kernel = max(number(header, "ssm.conv_kernel", 1), 1)
    channels = inner + 2 * number(header, "ssm.group_count", 0) * size
    return ((kernel - 1) * channels + inner * size) * _STATE_BYTES

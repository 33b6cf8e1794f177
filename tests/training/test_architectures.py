import pytest

pytest.importorskip("torch")

from training.architectures import PRESETS, build, dense


def test_starter_has_the_documented_shape() -> None:
    shape = PRESETS["starter"]
    assert (shape.hidden_size, shape.layers, shape.ffn_size) == (256, 8, 768)
    assert (shape.heads, shape.kv_heads, shape.head_dim, shape.context) == (4, 2, 64, 2048)


def test_parameters_equal_the_hand_count() -> None:
    # Embedding 8192·256; per layer q and o 2·256·256, k and v 2·256·128, three FFN matrices
    # 3·256·768, two norms of 256 and two of 64; one last norm.
    layer = 2 * 256 * 256 + 2 * 256 * 128 + 3 * 256 * 768 + 2 * 256 + 2 * 64
    model = build(PRESETS["starter"], 8192, seed=1)
    assert model.num_parameters() == 8192 * 256 + 8 * layer + 256
    assert model.lm_head.weight is model.model.embed_tokens.weight


@pytest.mark.parametrize("depth", [4, 8, 10, 12, 16, 28])
def test_every_row_is_a_multiple_of_256(depth: int) -> None:
    shape = dense(depth)
    assert shape.hidden_size % 256 == shape.ffn_size % 256 == 0
    assert shape.heads * shape.head_dim % 256 == 0
    assert shape.heads % shape.kv_heads == 0

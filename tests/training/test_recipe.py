from pathlib import Path

import pytest

pytest.importorskip("torch")

from training.data.chat import Weights
from training.recipe import read_recipe

RECIPES = Path(__file__).parents[2] / "training" / "recipes"
SMALL = """
name = "small"
preset = "tiny"
seed = 1
[tokenizer]
[pretrain.train]
total_tokens = 1000
[sft.train]
[[groups]]
name = "all"
weight = 1
[[groups.selections]]
file = "texts"
sources = ["made/*"]
"""


def test_shipped_recipes_can_be_read() -> None:
    for path in RECIPES.glob("*.toml"):
        recipe = read_recipe(path)
        assert sum(group.weight for group in recipe.groups) == pytest.approx(100)


def test_keys_become_fields_and_the_rest_is_default(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(SMALL)
    recipe = read_recipe(path)
    assert recipe.groups[0].selections[0].sources == ("made/*",)
    assert recipe.groups[0].weight == 1.0
    assert recipe.pretrain.train.total_tokens == 1000
    assert recipe.sft.weights == Weights()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed = 1", "sead = 1", "unknown key sead"),
        ("seed = 1", "", "seed"),
        ("seed = 1", 'seed = "1"', "'1' is not a int"),
        ("total_tokens = 1000", "tokens = 1000", r"r\.toml\.pretrain\.train: unknown key tokens"),
        ('"tiny"', '"huge"', "Unknown preset 'huge'"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(SMALL.replace(old, new))
    with pytest.raises(ValueError, match=message):
        read_recipe(path)

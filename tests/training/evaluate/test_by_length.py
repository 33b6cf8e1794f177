"""Perplexity by position, against transformers' own loss."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from transformers import Qwen3ForCausalLM

from training.cli import main
from training.evaluate.by_length import perplexities, report
from training.models.loading import load
from training.models.shapes import Shape, build
from training.models.yarn import stretched

TEXT = "the price of a coin moves when buyers and sellers disagree about what it is worth. "


def test_perplexities_equal_the_loss_of_transformers(model: Qwen3ForCausalLM) -> None:
    windows = list(torch.randint(0, 300, (3, 33), generator=torch.Generator().manual_seed(1)))
    found = perplexities(model.eval(), windows, 4)
    for bucket, perplexity in enumerate(found):
        losses = []
        for window in windows:
            labels = torch.full_like(window, -100)
            part = slice(1 + 8 * bucket, 9 + 8 * bucket)
            labels[part] = window[part]
            losses.append(model(window[None], labels=labels[None]).loss.item())
        assert perplexity == pytest.approx(math.exp(sum(losses) / 3), rel=1e-4)


def test_the_page_holds_a_plot_and_the_figures() -> None:
    page = report([8, 16], {"as <trained>": [10.0, 40.0], "YaRN": [10.0, 20.0]}, 8)
    assert "<td>16</td><td>40.00</td><td>20.00</td>" in page
    assert "as &lt;trained&gt;" in page
    drawing = ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])
    lines = [
        [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
        for line in drawing.iter("polyline")
    ]
    assert lines[0][0] == lines[1][0]  # equal at first
    assert lines[0][1][0] == lines[1][1][0] == 720  # the last position is the right edge
    # Of the logarithms' range ln 40 - ln 10 = 2 ln 2, the second curve rises one half.
    rises = [line[0][1] - line[1][1] for line in lines]
    assert rises[0] == pytest.approx(2 * rises[1], abs=0.2)
    dashed = next(iter(drawing.iter("line")))
    assert float(dashed.get("x1", 0)) == pytest.approx(lines[0][0][0], abs=0.1)


def test_yarn_rotates_slow_dimensions_slower(tmp_path: Path) -> None:
    """At 4 times the context: fast rotations stay, slow ones are divided by 4 (YaRN, eq. 13)."""
    model = build(Shape(256, 1, 256, 4, 2, context=128), 300, seed=1)
    model.save_pretrained(tmp_path)
    long = load(tmp_path, **stretched(model.config, 4.0))
    before, after = (m.model.rotary_emb.inv_freq for m in (model, long))
    ratio = before / after
    assert ratio[0].item() == pytest.approx(1.0)
    assert ratio[-1].item() == pytest.approx(4.0)
    assert (ratio.diff() > -1e-4).all()
    assert long.model.rotary_emb.attention_scaling == pytest.approx(0.1 * math.log(4) + 1)
    assert long.config.max_position_embeddings == 512


def test_the_command(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text(TEXT * 40)
    out = tmp_path / "page.html"
    arguments = ["lengths", str(model_folder), "--data", str(tmp_path / "text.txt")]
    arguments += ["--out", str(out), "--windows", "2"]
    assert main([*arguments, "--buckets", "4"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"as trained: (\d+\.\d\d(, )?){4}\nYaRN × 2: (\d+\.\d\d(, )?){4}\n", said)
    assert "<td>256</td>" in out.read_text()
    assert main([*arguments, "--longest", "99999"]) == 1
    assert "fewer than 100,001 tokens" in capsys.readouterr().err
    (tmp_path / "text.txt").write_text(TEXT)
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "fewer than 513 tokens: a window has 512, twice the model's context of 256" in said
    assert "--longest 128" in said
    assert main([*arguments, "--longest", "16"]) == 0
    said = capsys.readouterr().out
    assert "as trained: " in said
    assert "YaRN" not in said + out.read_text()
    assert main([*arguments, "--buckets", "0"]) == 1


def test_a_corpus_is_read_as_well(model_folder: Path, corpus: Path, tmp_path: Path) -> None:
    data, out = corpus / "texts.jsonl", tmp_path / "page.html"
    arguments = ["--data", str(data), "--out", str(out), "--longest", "64", "--buckets", "2"]
    assert main(["lengths", str(model_folder), *arguments]) == 0
    assert "<td>64</td>" in out.read_text()

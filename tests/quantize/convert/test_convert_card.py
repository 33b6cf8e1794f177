"""A README.md's front matter arrives in the file as convert_hf_to_gguf.py would write it.

What is expected is what it wrote; benchmarks/quantize/convert_same.py compares anew.
"""

from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.convert import convert
from quantize.convert.card import describe_card
from quantize.task import Task
from quantize.writer import text

CARD = """---
license: other
license_name: tiny-licence
license_link: https://example.org/licence#1
language: [en, 'no']
tags:
- finance
- tiny
pipeline_tag: text-generation
base_model:
- tiny-lab/gemma-2-mini-9b-it-v0.1
- https://huggingface.co/Some-Lab/Plain
- https://example.org/elsewhere
- Qwen3 Base
datasets: tiny-lab/set-v2
model_name: Tiny One
model_creator: A. Writer
library_name: transformers
---
# Tiny
license: gpl
"""
EXPECTED = {
    "general.name": "Tiny One",
    "general.author": "A. Writer",
    "general.license": "other",
    "general.license.name": "tiny-licence",
    "general.license.link": "https://example.org/licence#1",
    "general.languages": ("en", "no"),
    "general.tags": ("finance", "tiny", "text-generation"),
    "general.base_model.count": 4,
    "general.base_model.0.name": "Gemma 2 Mini 9b It v0.1",
    "general.base_model.0.organization": "Tiny Lab",
    "general.base_model.0.version": "v0.1",
    "general.base_model.0.repo_url": "https://huggingface.co/tiny-lab/gemma-2-mini-9b-it-v0.1",
    "general.base_model.1.name": "Plain",
    "general.base_model.1.organization": "Some Lab",
    "general.base_model.1.repo_url": "https://huggingface.co/Some-Lab/Plain",
    "general.base_model.2.repo_url": "https://example.org/elsewhere",
    "general.base_model.3.name": "Qwen3 Base",
    "general.dataset.count": 1,
    "general.dataset.0.name": "Set v2",
    "general.dataset.0.organization": "Tiny Lab",
    "general.dataset.0.version": "v2",
    "general.dataset.0.repo_url": "https://huggingface.co/tiny-lab/set-v2",
}
OURS = {"general.architecture", "general.type", "general.file_type", "general.quantization_version"}


def _said(folder: Path, out: Path, task: Task) -> dict[str, object]:
    convert(folder, out, None, task)
    metadata = read_header(out).metadata
    return {
        key: value
        for key, value in metadata.items()
        if key.startswith("general.") and key not in OURS
    }


def test_a_card_becomes_metadata(folder: Path, tmp_path: Path, task: Task) -> None:
    (folder / "README.md").write_text(CARD)
    assert _said(folder, tmp_path / "out.gguf", task) == EXPECTED


def test_what_assay_json_says_comes_first(folder: Path, tmp_path: Path, task: Task) -> None:
    (folder / "README.md").write_text(CARD)
    (folder / "assay.json").write_text('{"name": "Mine", "license": "MIT"}')
    said = _said(folder, tmp_path / "out.gguf", task)
    assert said["general.name"] == "Mine"
    assert {key: said[key] for key in said if "license" in key} == {"general.license": "MIT"}


@pytest.mark.parametrize(
    ("name", "version"),
    [  # what gguf.Metadata.get_model_id_components of llama.cpp's gguf-py gives
        ("Llama-2", "2"),
        ("Llama-2-hf", ""),
        ("Llama-2-7b-chat-hf", ""),
        ("Mistral-7B-Instruct-v0.3", "v0.3"),
        ("gemma-2-mini-9b", ""),
        ("gemma-mini-2", "2"),
        ("Qwen1.5-MoE-A2.7B-Chat", ""),
        ("7b-2-x-3", "2-3"),
        ("x-Q4_K-v1-iter2", "v1-iter2"),
        ("--v1--", "v1"),
        ("-", ""),
    ],
)
def test_versions_in_names(tmp_path: Path, name: str, version: str) -> None:
    (tmp_path / "README.md").write_text(f"---\nbase_model: a/{name}\n---\n")
    found = describe_card(tmp_path).get("general.base_model.0.version")
    assert found == (text(version) if version else None)


def test_a_card_that_leads_elsewhere_is_refused(folder: Path, tmp_path: Path, task: Task) -> None:
    (tmp_path / "secret.md").write_text(CARD)
    (folder / "README.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(KnownError, match="outside the model's folder"):
        convert(folder, tmp_path / "out.gguf", None, task)

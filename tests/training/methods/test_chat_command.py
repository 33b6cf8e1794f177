"""Talking to a result: its own template, streaming, sampling, Ctrl-C."""

import builtins
import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from training.cli import main
from training.data.chat import render_text
from training.loop import device
from training.methods import chat, evaluate
from training.methods.chat import prompt_of, reply, tokenizer_of
from training.models.loading import load
from training.vocabulary import TOOL_NAMES

OTHER = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A model whose next token depends on the last one."""
    target = Path(shutil.copytree(model_folder, tmp_path / "start"))
    model = load(target)
    torch.manual_seed(2)
    for layer in model.model.layers:
        torch.nn.init.normal_(layer.mlp.down_proj.weight, 0, 0.3)
    model.save_pretrained(target)
    return target


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str | type[BaseException]) -> None:
    typed = iter(lines)

    def answer(_prompt: str) -> str:
        line = next(typed, EOFError)
        if isinstance(line, str):
            return line
        raise line

    monkeypatch.setattr(builtins, "input", answer)


def test_our_template_is_what_training_rendered(model_folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes"}]
    for system in ([], [{"role": "system", "content": "Be brief."}]):
        wanted = render_text([*system, *messages], TOOL_NAMES) + "<|im_start|>assistant\n"
        assert prompt_of(tokenizer, [*system, *messages]) == wanted


def test_another_template_and_none(model_folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    messages = [{"role": "user", "content": "hello"}]
    tokenizer.chat_template = OTHER
    assert prompt_of(tokenizer, messages) == "[user] hello\n[assistant] "
    tokenizer.chat_template = None
    assert prompt_of(tokenizer, messages) == "hello"


def test_greedy_answers_are_the_likeliest_tokens_and_come_in_parts(folder: Path) -> None:
    model, tokenizer = load(folder).eval(), AutoTokenizer.from_pretrained(folder)
    parts: list[str] = []
    answer = reply(model, tokenizer, "the price", 12, say=parts.append)
    ids = tokenizer.encode("the price", add_special_tokens=False)
    start = len(ids)
    stop = tokenizer.convert_tokens_to_ids("<|im_end|>")
    while len(ids) < start + 12 and ids[-1] != stop:
        with torch.no_grad():
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    assert answer == tokenizer.decode(ids[start:], skip_special_tokens=True)
    assert "".join(parts) == answer
    assert len(parts) > 2


def test_sampling_varies_and_a_small_share_is_greedy(folder: Path) -> None:
    model, tokenizer = load(folder).eval(), AutoTokenizer.from_pretrained(folder)
    greedy = reply(model, tokenizer, "the price", 8)
    torch.manual_seed(1)
    assert len({reply(model, tokenizer, "the price", 8, 2.0) for _ in range(4)}) > 1
    assert reply(model, tokenizer, "the price", 8, temperature=1.0, top_p=1e-6) == greedy


def test_control_c_ends_an_answer_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []
    original = chat.prompt_of

    def noting(tokenizer: Any, messages: list[dict[str, str]]) -> str:
        asked.append([message["content"] for message in messages])
        return original(tokenizer, messages)

    calls: Iterator[bool] = iter([True, False])
    put = chat._Stream.put

    def interrupted(self: Any, value: Any) -> None:
        put(self, value)
        if not self.next_tokens_are_prompt and len(self.token_cache) > 2 and next(calls, False):
            raise KeyboardInterrupt

    monkeypatch.setattr(chat, "prompt_of", noting)
    monkeypatch.setattr(chat._Stream, "put", interrupted)
    type_in(monkeypatch, "the price", "of a coin", KeyboardInterrupt)
    assert main(["chat", str(folder), "--longest", "6", "--system", "Be brief."]) == 0
    first = asked[1][2]
    assert asked == [["Be brief.", "the price"], ["Be brief.", "the price", first, "of a coin"]]
    assert first in capsys.readouterr().out


def test_every_folder_of_a_run_can_be_talked_to(
    folder: Path, dialogues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    arguments = ["--data", str(dialogues), "--out", str(out), "--loop.steps", "1", "--yarn", "2"]
    arguments += ["--loop.rows", "2", "--adapter.kind", "lora", "--adapter.rank", "2"]
    assert main(["sft", str(folder), *arguments, "--loop.threads", "1"]) == 0
    (checkpoint,) = out.glob("step-*")
    for place in (out / "model", out / "adapter", checkpoint):
        type_in(monkeypatch, "the price")
        assert main(["chat", str(place), "--longest", "3"]) == 0
        assert load(place).config.rope_parameters["factor"] == 2
    assert tokenizer_of(out / "model") == out / "model"
    assert tokenizer_of(out / "adapter") == tokenizer_of(checkpoint) == folder


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_question_that_is_not_utf8_is_no_end_of_the_talk(
    errors: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"caf\xe9\nthe price\n"), "utf-8", errors)
    monkeypatch.setattr(sys, "stdin", typed)
    assert main(["chat", str(folder), "--longest", "3"]) == 0
    assert capsys.readouterr().out.count("> ") == 3  # two questions and the end


def test_refusals(model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", str(model_folder), "--top_p", "0"]) == 1
    assert main(["chat", str(tmp_path)]) == 1
    (tmp_path / "config.json").write_text(json.dumps({"method": "sft"}))
    assert main(["chat", str(tmp_path)]) == 1
    assert main(["chat", str(model_folder), "--yarn", "0.5"]) == 1
    assert capsys.readouterr().err.count("assay-train:") == 4


def test_the_folder_of_a_run_names_its_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"method": "sft"}))
    (tmp_path / "metrics.jsonl").touch()
    for made, named in (("step-0000010", "step-0000010"), ("step-0000020",) * 2, ("model",) * 2):
        (tmp_path / made).mkdir()
        (tmp_path / made / "config.json").touch()
        for words in (["chat", str(tmp_path)], ["sft", str(tmp_path), "--out", "o"]):
            assert main(words) == 1
            sentence = f"{tmp_path} is the folder of a run. Name {tmp_path / named} instead."
            assert capsys.readouterr().err == f"assay-train: {sentence}\n"


def test_a_flag_and_the_unnamed_argument_are_the_same_setting(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch)
    assert main(["chat", "--model", str(folder)]) == 0
    assert main(["chat", "--longest", "3", str(folder)]) == 0


def test_a_model_of_16_bits_is_not_held_in_32(
    folder: Path, dialogues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(folder).bfloat16().save_pretrained(folder)
    held: list[torch.dtype] = []

    def note(model: Any, *_given: Any) -> Any:
        held.append(model.dtype)
        return {}

    monkeypatch.setattr(device, "computes", lambda place, dtype: True)
    monkeypatch.setattr(chat, "reply", lambda model, *given: str(note(model)))
    monkeypatch.setattr(evaluate, "perplexity", note)
    type_in(monkeypatch, "the price")
    text = tmp_path / "text.txt"
    text.write_text("the price of a coin")
    assert main(["chat", str(folder)]) == 0
    assert main(["evaluate", str(folder), "--data", str(text)]) == 0
    assert held == [torch.bfloat16] * 2

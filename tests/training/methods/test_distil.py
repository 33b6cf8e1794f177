import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer

from tests.training.conftest import SMALL, SMALL_VOCABULARY
from training.cli import main
from training.data.chat import Weights
from training.data.selection import join
from training.data.sft import pad, read_dialogues
from training.data.topk import fingerprint, open_topk
from training.loop.config import LoopConfig
from training.loop.log import read_metrics
from training.methods import distil, topk
from training.methods.tokenizer import TEMPLATE
from training.models.loading import load
from training.models.sampling import sample, stop_tokens
from training.models.shapes import build
from training.models.teacher import ModelTeacher, TopKTeacher
from training.tokenizer import save_tokenizer

SHORT = [
    "--loop.rows",
    "8",
    "--loop.log_steps",
    "1",
    "--loop.threads",
    "1",
    "--loop.mixed",
    "false",
]


@pytest.fixture(scope="module")
def teacher_folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of other weights, sharp enough to differ from the student."""
    folder = tmp_path_factory.mktemp("model") / "teacher"
    save_tokenizer(tokenizer, folder, TEMPLATE.read_text(encoding="utf-8"), SMALL.context)
    model = build(SMALL, SMALL_VOCABULARY, seed=11)
    model.get_output_embeddings().weight.data.mul_(2)
    model.save_pretrained(folder)
    return folder


def train(*words: object) -> int:
    return main([str(word) for word in words])


def test_white_box_moves_the_student_to_the_teacher(
    model_folder: Path, teacher_folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert train(
        "distil", "--model", model_folder, "--teacher", teacher_folder, "--data", dialogues,
        "--out", out, "--alpha", 0, "--beta", 1, "--loop.steps", 12, *SHORT,
    ) == 0  # fmt: skip
    divergences = [line["divergence"] for line in read_metrics(out)]
    assert divergences[-1] < 0.7 * divergences[0]
    assert "cross_entropy" not in read_metrics(out)[0]
    assert (out / "model" / "model.safetensors").exists()


def test_first_loss_is_the_mix_of_its_parts(
    model_folder: Path, teacher_folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    assert train(
        "distil", "--model", model_folder, "--teacher", teacher_folder, "--data", dialogues,
        "--out", tmp_path / "run", "--alpha", 0.3, "--temperature", 2, "--loop.steps", 1, *SHORT,
    ) == 0  # fmt: skip
    (line,) = read_metrics(tmp_path / "run")
    assert line["loss"] == pytest.approx(
        0.3 * line["cross_entropy"] + 0.7 * 4 * line["divergence"], rel=1e-4
    )


def test_stored_logits_stand_in_for_the_teacher(
    model_folder: Path, teacher_folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    stored = tmp_path / "logits"
    given = ["--data", dialogues, "--context", 64]
    assert train(
        "topk", "--teacher", teacher_folder, *given, "--out", stored, "--k", SMALL_VOCABULARY - 1
    ) == 0  # fmt: skip
    losses = []
    for name, source in (("a", ["--teacher", teacher_folder]), ("b", ["--topk", stored])):
        assert train(
            "distil", "--model", model_folder, *source, *given, "--out", tmp_path / name,
            "--alpha", 0, "--loop.steps", 3, *SHORT,
        ) == 0  # fmt: skip
        losses.append([line["divergence"] for line in read_metrics(tmp_path / name)])
    assert losses[0] == pytest.approx(losses[1], rel=2e-3)


def test_a_killed_teacher_goes_on_with_the_next_dialogue(
    teacher_folder: Path,
    model_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chunks, asked = topk._chunks, list[int]()

    def killed(*given: Any) -> Any:
        asked.append(1)
        if len(asked) == 12:
            raise KeyboardInterrupt
        return chunks(*given)

    def store(teacher: Path, name: str) -> int:
        asked.clear()
        where = tmp_path / name
        return train("topk", "--teacher", teacher, "--data", dialogues, "--out", where, "--k", 5)

    monkeypatch.setattr(topk, "SAVE_SECONDS", 0.0)
    assert store(teacher_folder, "whole") == 0
    assert "39 of 40 dialogues" in capsys.readouterr().out
    monkeypatch.setattr(topk, "_chunks", killed)
    assert store(teacher_folder, "parts") == 3
    assert not (tmp_path / "parts").exists()
    monkeypatch.setattr(topk, "_chunks", lambda *given: asked.append(1) or chunks(*given))
    assert store(teacher_folder, "parts") == 0
    assert len(asked) == 40 - 11
    for name in ("ids.npy", "logs.npy", "targets.npy", "topk.json"):
        one, two = ((tmp_path / out / name).read_bytes() for out in ("whole", "parts"))
        assert one == two
    monkeypatch.setattr(topk, "_chunks", killed)
    assert store(teacher_folder, "other") == 3
    monkeypatch.setattr(topk, "_chunks", lambda *given: asked.append(1) or chunks(*given))
    assert store(model_folder, "other") == 0  # another teacher has to begin anew
    assert len(asked) == 40


def test_stored_logits_equal_the_teachers_own(
    tokenizer: Tokenizer, teacher_folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    assert train(
        "topk", "--teacher", teacher_folder, "--data", dialogues, "--replay_data", dialogues,
        "--out", tmp_path / "logits", "--k", 7,
    ) == 0  # fmt: skip
    one = read_dialogues(dialogues, tokenizer, Weights(), 2048)
    both = join([one, one])
    stored = open_topk(tmp_path / "logits", both, fingerprint(both, teacher_folder))
    number = len(one) + 5
    batch = pad([both[number]])
    batch.extra["sample"] = torch.tensor([number])  # type: ignore[index]  # a dict here
    model = load(teacher_folder)
    kept = batch.weights.flatten().nonzero().squeeze(1)
    with torch.no_grad():
        logs = model(batch.inputs).logits[0, kept].log_softmax(-1)
    found = TopKTeacher(stored).distributions(batch, kept)
    torch.testing.assert_close(found.ids, logs.topk(7).indices)
    torch.testing.assert_close(found.logs[:, :7], logs.topk(7).values, atol=5e-3, rtol=1e-3)
    torch.testing.assert_close(found.logs.exp().sum(-1), torch.ones(len(kept)), atol=5e-3, rtol=0)
    targets = TopKTeacher(stored).log_probs(batch)
    torch.testing.assert_close(targets, ModelTeacher(model).log_probs(batch), atol=5e-3, rtol=1e-3)


@pytest.mark.parametrize("kind", ["on_policy", "black_box"])
def test_stored_logits_are_for_white_box_only(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("distil", "--topk", "x", "--kind", kind, "--teacher", "y", "--out", tmp_path) == 1
    assert f"{kind} needs the teacher itself." in capsys.readouterr().err


def test_stored_logits_of_other_data_are_refused(
    model_folder: Path,
    teacher_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stored = tmp_path / "logits"
    train("topk", "--teacher", teacher_folder, "--data", dialogues, "--out", stored, "--k", 4)
    lines = dialogues.read_text().splitlines(keepends=True)
    dialogues.write_text("".join(reversed(lines)))
    given = ["--model", model_folder, "--topk", stored, "--data", dialogues, "--out", tmp_path]
    assert train("distil", *given) == 1
    assert "other data" in capsys.readouterr().err


def test_stored_logits_of_another_temperature_are_refused_with_the_remedy(
    model_folder: Path,
    teacher_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The pair of commands in the recipe works; without --temperature it says what is wanted."""
    recipe = Path(distil.__file__).parents[1] / "recipes" / "distil.toml"
    stored = ["topk", "--teacher", teacher_folder, "--data", dialogues, "--out", tmp_path / "top"]
    learn = [
        "distil", "--recipe", recipe, "--model", model_folder, "--data", dialogues,
        "--topk", tmp_path / "top", "--out", tmp_path / "run", "--loop.steps", 1, *SHORT,
    ]  # fmt: skip
    assert train(*stored) == 0
    assert train(*learn) == 1
    said = capsys.readouterr().err
    assert "stored with temperature 1, and the run wants 1.5" in said
    assert "--temperature 1.5" in said
    assert train(*stored, "--temperature", 1.5) == 0
    assert train(*learn) == 0


def test_black_box_learns_the_teachers_answers_and_resumes(
    model_folder: Path,
    teacher_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "run"
    given = [
        "distil", "--kind", "black_box", "--model", model_folder, "--teacher", teacher_folder,
        "--data", dialogues, "--out", out, "--loop.steps", 1, "--longest", 60,
        "--sampling", 50.0, *SHORT,  # so hot that every token is as likely, ends of turns too
    ]  # fmt: skip
    assert train(*given) == 0
    whole = (out / "answers.jsonl").read_text()
    rows = [json.loads(line) for line in whole.splitlines()]
    asked = [json.loads(line)["messages"][0] for line in dialogues.read_text().splitlines()]
    assert 0 < len(rows) < len(asked)
    lost = f"{len(asked) - len(rows)} dialogues left out: no end of the answer within 60 tokens"
    assert lost in capsys.readouterr().out
    assert all(row["messages"][0] == asked[row["row"]] for row in rows)
    half = "".join(line + "\n" for line in whole.splitlines() if json.loads(line)["row"] < 16)
    (out / "answers.jsonl").write_text(half + '{"messa')
    assert train(*given) == 0
    resumed = (out / "answers.jsonl").read_text()
    assert resumed.startswith(half)
    assert [json.loads(line)["row"] for line in resumed.splitlines()][-1] > 16


def test_answers_are_not_kept_for_another_teacher_or_other_questions(
    model_folder: Path,
    teacher_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, folder = tmp_path / "run", tmp_path / "data"
    folder.mkdir()
    rows = [{"instruction": f"what is coin {n}", "output": "?"} for n in range(9)]
    (folder / "alpaca.json").write_text(json.dumps(rows))
    dialogues.rename(folder / "b.jsonl")
    given = {
        "kind": "black_box", "model": model_folder, "teacher": teacher_folder, "data": folder,
        "out": out, "loop.steps": 1, "longest": 60, "sampling": 50.0,
    }  # fmt: skip

    def told(**changes: object) -> str:
        words = [word for key, value in (given | changes).items() for word in (f"--{key}", value)]
        status = train("distil", *words, *SHORT)
        return capsys.readouterr().err if status else ""

    assert not told()
    written = (out / "answers.jsonl").read_text()
    asked = [json.loads(line)["messages"][0]["content"] for line in written.splitlines()]
    assert any(question.startswith("what is coin") for question in asked)
    assert "written with a different teacher." in told(teacher=model_folder)
    assert "a different longest and sampling." in told(longest=20, sampling=1.0)
    assert "written with a different data." in told(data=folder / "b.jsonl")
    assert f"Delete {out / 'answers.jsonl'}" in told(data=folder / "b.jsonl")
    assert (out / "answers.jsonl").read_text() == written
    (out / "answers.json").unlink()  # as such answers were kept before
    assert "a different teacher and data" in told()
    (folder / "c.jsonl").write_text('{"text": "plain"}')
    assert "c.jsonl, line 1: a plain text" in told()


def test_on_policy_moves_the_student_on_its_own_text(
    model_folder: Path, teacher_folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert train(
        "distil", "--kind", "on_policy", "--model", model_folder, "--teacher", teacher_folder,
        "--data", dialogues, "--out", out, "--beta", 1, "--longest", 8, "--loop.steps", 24, *SHORT,
        "--loop.learning_rate", 3e-4,
    ) == 0  # fmt: skip
    divergences = [line["divergence"] for line in read_metrics(out)]
    assert sum(divergences[-3:]) < 0.85 * sum(divergences[:3])


def test_a_sharded_student_cannot_write() -> None:
    loop = LoopConfig(shard=True)
    assert distil.Config(out="out", teacher="large", loop=loop).loop.shard
    with pytest.raises(ValueError, match="whole model in every process"):
        distil.Config(out="out", kind="on_policy", teacher="large", loop=loop)


def test_an_own_answer_may_have_any_token(
    model_folder: Path, tokenizer: Tokenizer, dialogues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qwen3 has more than two bytes can number."""
    model = load(model_folder)
    config = distil.Config(out="out", kind="on_policy", teacher="large")
    read = read_dialogues(dialogues, tokenizer, Weights(), 512)
    method = distil.Distillation(config, model, tokenizer, read, None, ModelTeacher(model))
    monkeypatch.setattr(
        distil, "sample", lambda _, prompts, *given: [[151_668, 9] for _ in prompts]
    )
    batch = method.next_step(0.0).batches[0]
    learnt = [batch.targets[row][kept > 0].tolist() for row, kept in enumerate(batch.weights)]
    assert learnt == [[151_668, 9]] * len(batch.inputs)


def test_stored_logits_of_plain_texts_stand_at_their_tokens(
    tokenizer: Tokenizer, teacher_folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "texts.jsonl"
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("a coin", "the fees")))
    given = ["--teacher", teacher_folder, "--data", data, "--out", tmp_path / "logits"]
    assert train("topk", *given, "--k", 3) == 0
    texts = read_dialogues(data, tokenizer, Weights(), 2048)
    stored = open_topk(tmp_path / "logits", texts, fingerprint(texts, teacher_folder))
    batch = pad([texts[1]])
    batch.extra["sample"] = torch.tensor([1])  # type: ignore[index]  # a dict here
    found = TopKTeacher(stored).log_probs(batch)
    wanted = ModelTeacher(load(teacher_folder)).log_probs(batch)
    torch.testing.assert_close(found, wanted, atol=5e-3, rtol=1e-3)


def test_other_vocabulary_and_four_bits_are_refused_in_a_sentence(
    model_folder: Path,
    teacher_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["distil", "--model", model_folder, "--data", dialogues, "--out", tmp_path / "run"]
    if not torch.cuda.is_available():
        assert train(*given, "--teacher", teacher_folder, "--four_bit", "true") == 1
        assert "need an NVIDIA GPU" in capsys.readouterr().err
    other = tmp_path / "other"
    other.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (other / name).write_bytes((teacher_folder / name).read_bytes())
    text = (other / "tokenizer.json").read_text(encoding="utf-8")
    (other / "tokenizer.json").write_text(text.replace("<|reserved_0|>", "<|other|>"))
    assert train(*given, "--teacher", other) == 1
    assert "different vocabularies" in capsys.readouterr().err


def test_samples_do_not_depend_on_their_neighbours(
    model_folder: Path, tokenizer: Tokenizer
) -> None:
    model, stops = load(model_folder).train(), stop_tokens(tokenizer, model_folder)
    prompts = [tokenizer.encode(text).ids for text in ("the price of a coin moves", "fees")]
    state = torch.get_rng_state()
    together = sample(model, prompts, stops, 6, 0.0, seed=1)
    assert torch.equal(state, torch.get_rng_state())
    alone = [sample(model, [prompt], stops, 6, 0.0, seed=2)[0] for prompt in prompts]
    assert together == alone
    assert model.training


def test_samples_follow_the_models_distribution(model_folder: Path, tokenizer: Tokenizer) -> None:
    model, prompt = load(model_folder), tokenizer.encode("the price").ids
    model.get_output_embeddings().weight.data.mul_(20)
    state = torch.get_rng_state()
    first = sample(model, [prompt] * 4000, stop_tokens(tokenizer, model_folder), 1, 2.0, seed=3)
    assert torch.equal(state, torch.get_rng_state())
    with torch.no_grad():
        wanted = (model(torch.tensor([prompt])).logits[0, -1] / 2.0).softmax(-1).numpy()
    found = np.bincount([tokens[0] for tokens in first], minlength=len(wanted)) / 4000
    assert np.abs(found - wanted).max() < 5 * np.sqrt(0.25 / 4000)

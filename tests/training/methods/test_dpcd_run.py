import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from tests.training.conftest import SMALL
from training import recipe
from training.cli import main
from training.data.chains import annotate
from training.data.chat import Weights
from training.data.selection import join, span
from training.data.sft import pad, read_dialogues
from training.loop.log import read_metrics
from training.methods import distil, dpcd
from training.methods.dpcd import choose, coherences
from training.models.loading import load
from training.models.shapes import build
from training.models.teacher import ModelTeacher
from training.objectives.dpcd import Coefficients
from training.tokenizer import load_tokenizer

SHORT = [
    "--loop.rows",
    "16",
    "--loop.log_steps",
    "1",
    "--loop.threads",
    "1",
    "--loop.mixed",
    "false",
]
CHAIN = "coins move\nthe price moves too\nso fees are worth it"
ANSWER = "the risk of the price"


def write(path: Path, questions: list[str], chain: str, answer: str = ANSWER) -> Path:
    rows = [
        {
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "reasoning_content": chain, "content": answer},
            ]
        }
        for question in questions
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    return write(tmp_path / "domain.jsonl", ["what is a coin worth", "a swap"] * 4, "")


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    return write(tmp_path / "replay.jsonl", ["what is the risk", "who sells", "a price"] * 2, CHAIN)


def train(*words: object) -> int:
    return main([str(word) for word in words])


def test_step_weights_by_hand(tokenizer: Tokenizer, domain: Path, replay: Path) -> None:
    parts = [read_dialogues(path, tokenizer, Weights(), 512) for path in (domain, replay)]
    both = join(parts)
    chains = annotate(both, len(parts[0]), tokenizer)
    assert chains.counts.tolist() == [0] * 8 + [3] * 6
    assert chains.dialogues.weights[: both.starts[8]].sum() == parts[0].weights.sum()
    assert chains.dialogues.weights[both.starts[8] :].sum() == 0  # replayed ones are not learnt
    weighed = chains.weighed(Coefficients(delta=0.3))
    for number, lambda_t in ((8, 0.7), (9, 0.3 * (1 + chains.shares[9])), (10, 0.3)):
        part = span(both, number)
        steps, kl = weighed.steps[part], weighed.kl[part]
        for step in (1, 2, 3):
            wanted = lambda_t * np.exp(-0.3 * step / 3)
            assert kl[steps == step].sum() == pytest.approx(wanted, rel=1e-5)
        assert kl[steps == 0].sum() == 0
    text = tokenizer.decode(both.ids[span(both, 8)][chains.steps[span(both, 8)] == 3].tolist())
    assert text.startswith("so fees are worth it")
    assert ANSWER in text


def test_filter_takes_chains_out_of_the_loss(tokenizer: Tokenizer, replay: Path) -> None:
    dialogues = read_dialogues(replay, tokenizer, Weights(), 512)
    chains = annotate(dialogues, len(dialogues), tokenizer)
    left = chains.without(np.arange(6) < 2).weighed(Coefficients())
    assert left.counts.tolist() == [0, 0, 3, 3, 3, 3]
    part = span(dialogues, 0)
    counted = left.dialogues.ids[part][left.dialogues.weights[part] > 0]
    assert tokenizer.decode(counted.tolist()).strip() == ANSWER
    assert left.kl[part].sum() == 0 < left.kl[span(dialogues, 2)].sum()
    whole = chains.dialogues.weights[span(dialogues, 2)]
    assert left.dialogues.weights[span(dialogues, 2)].tolist() == whole.tolist()


def test_coherence_of_chains_equals_transformers(
    model_folder: Path, tokenizer: Tokenizer, replay: Path
) -> None:
    model = load(model_folder)
    dialogues = read_dialogues(replay, tokenizer, Weights(), 512)
    chains = annotate(dialogues, 0, tokenizer)
    found = coherences(ModelTeacher(model), chains, rows=4)
    batch = pad([dialogues[1]])
    with torch.no_grad():
        logs = model(batch.inputs).logits.log_softmax(-1).gather(2, batch.targets[..., None])
    steps = chains.steps[span(dialogues, 1)][1:]
    sure = [logs[0, steps == step, 0].mean().exp().item() for step in (1, 2, 3)]
    assert found[1] == pytest.approx(sum(sure) / 3, rel=1e-4)


def test_replay_has_its_share() -> None:
    chosen = choose(np.arange(70), np.arange(70, 80), 0.3, seed=1)
    assert len(chosen) == 100
    assert set(chosen[70:]) == set(range(70, 80))
    assert (
        choose(np.arange(7), np.arange(7, 50), 0.5, 1).tolist()
        != choose(np.arange(7), np.arange(7, 50), 0.5, 2).tolist()
    )
    assert choose(np.arange(5), np.array([], dtype=np.int64), 0.5, 1).tolist() == [0, 1, 2, 3, 4]


def test_run_starts_at_the_teacher_and_reports_every_term(
    model_folder: Path, domain: Path, replay: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert train(
        "dpcd", "--model", model_folder, "--data", domain, "--replay_data", replay, "--replay",
        0.4, "--out", out, "--dpcd.filter", "false", "--loop.steps", 6, *SHORT,
    ) == 0  # fmt: skip
    lines = read_metrics(out)
    assert lines[0]["kl"] == pytest.approx(0, abs=1e-5)
    assert lines[0]["cross_entropy"] > 1
    later = lines[-1]
    parts = later["cross_entropy"] + later["kl"] + 0.2 * later["quality"]
    assert later["loss"] == pytest.approx(parts, rel=1e-4)
    assert later["kl"] > 1e-4
    assert later["cross_entropy"] < lines[0]["cross_entropy"]
    assert (out / "model" / "tokenizer.json").exists()


def test_zero_drops_a_term(model_folder: Path, domain: Path, replay: Path, tmp_path: Path) -> None:
    cases = {
        "cross_entropy": ["--dpcd.domain", 0],
        "quality": ["--dpcd.beta", 0],
        "kl": ["--dpcd.lambda_base", 0, "--dpcd.lambda_high", 0],
    }
    for name, words in cases.items():
        assert train(
            "dpcd", "--model", model_folder, "--data", domain, "--replay_data", replay, "--out",
            tmp_path / name, "--dpcd.filter", "false", "--loop.steps", 1, *words, *SHORT,
        ) == 0  # fmt: skip
        (line,) = read_metrics(tmp_path / name)
        assert set(cases) - set(line) == {name}


def test_a_run_that_would_keep_no_chain_is_refused(
    model_folder: Path,
    domain: Path,
    replay: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Random weights are sure of nothing; plain tuning would be left, and can be asked for."""
    words = [
        "dpcd", "--model", model_folder, "--data", domain, "--out", tmp_path / "run",
        "--loop.steps", 1, *SHORT,
    ]  # fmt: skip
    assert train(*words, "--replay_data", replay) == 1
    said = capsys.readouterr()
    assert "6 of 6 chains below tau left out" in said.out
    assert "tau = 0.85 left none of the 6 chains. The most coherent one has 0.0" in said.err
    assert train(*words) == 1
    assert "No dialogue has a chain of thought" in capsys.readouterr().err
    switched_off = [f"--dpcd.{name}" for name in ("lambda_base", "lambda_high", "beta")]
    assert train(*words, *(word for flag in switched_off for word in (flag, 0))) == 0
    assert "kl" not in read_metrics(tmp_path / "run")[0]


def test_on_resuming_the_coherences_are_read(
    model_folder: Path,
    domain: Path,
    replay: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [
        "dpcd", "--model", model_folder, "--data", domain, "--replay_data", replay, "--dpcd.tau",
        1e-9, "--out", tmp_path / "run", *SHORT, "--loop.steps",
    ]  # fmt: skip
    passes, compute = list[int](), dpcd.coherences
    monkeypatch.setattr(dpcd, "coherences", lambda *given: passes.append(1) or compute(*given))
    assert train(*words, 1, "--plan") == 0
    assert train(*words, 1) == 0
    first = (tmp_path / "run" / dpcd.COHERENCES).read_text()
    assert train(*words, 2) == 0
    assert len(passes) == 2  # of the plan and of the first start
    write(replay, ["what is the risk"] * 6, CHAIN)
    assert train(*words, 3) == 1  # other data is another run …
    assert len(passes) == 3  # … and has coherences of its own
    assert (tmp_path / "run" / dpcd.COHERENCES).read_text() != first


def test_stored_logits_give_the_same_run(
    model_folder: Path, domain: Path, replay: Path, tmp_path: Path
) -> None:
    given = ["--data", domain, "--replay_data", replay]
    stored = tmp_path / "logits"
    assert train("topk", "--teacher", model_folder, *given, "--out", stored, "--k", 300) == 0
    last = []
    for name, source in (("live", []), ("disk", ["--topk", stored])):
        words = [
            "dpcd", "--model", model_folder, *given, *source, "--out", tmp_path / name,
            "--dpcd.filter", "false", *SHORT,
        ]  # fmt: skip
        assert train(*words, "--loop.steps", 4) == 0
        last.append(read_metrics(tmp_path / name)[-1])
    assert last[0]["loss"] == pytest.approx(last[1]["loss"], rel=1e-2)
    assert last[0]["kl"] == pytest.approx(last[1]["kl"], rel=0.1)


@pytest.fixture
def thinking_folder(tmp_path: Path) -> Path:
    """A model whose vocabulary is not ours and whose template opens <think> in the prompt."""
    template = (
        "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}<think>\n"
        "{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}</s>\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant]<think>\n{% endif %}"
    )
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        ["the price"],
        trainers.BpeTrainer(
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        ),
    )
    made.add_special_tokens(["</s>", "<think>", "</think>"])
    folder = tmp_path / "thinking"
    build(SMALL, made.get_vocab_size(), seed=2).save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": "</s>", "chat_template": template})
    )
    return folder


def test_chains_of_a_template_that_opens_them_in_the_prompt(
    thinking_folder: Path, replay: Path, tmp_path: Path
) -> None:
    tokenizer = load_tokenizer(thinking_folder)
    dialogues = read_dialogues(replay, tokenizer, Weights(), 512, thinking_folder)
    chains = annotate(dialogues, 0, tokenizer)
    assert chains.counts.tolist() == [3] * 6
    assert [task.name for task in chains.tasks[:3]] == ["RISK", "OTHER", "PRICE"]
    part = span(dialogues, 0)
    ids, steps = dialogues.ids[part], chains.steps[part]
    said = [
        tokenizer.decode(ids[steps == step].tolist(), skip_special_tokens=False)
        for step in (1, 2, 3)
    ]
    first, second, third = CHAIN.splitlines(keepends=True)
    assert said == [first, second, f"{third}\n</think>\n\n{ANSWER}</s>"]  # no <think>
    stored = ["--data", replay, "--out", tmp_path / "logits", "--k", 5]
    assert train("topk", "--teacher", thinking_folder, *stored) == 0
    assert train(
        "dpcd", "--model", thinking_folder, "--topk", tmp_path / "logits", "--data", replay,
        "--out", tmp_path / "run", "--dpcd.filter", "false", "--loop.steps", 1, *SHORT,
    ) == 0  # fmt: skip


def test_recipes_can_be_read() -> None:
    recipes = Path(distil.__file__).parents[1] / "recipes"
    config = recipe.read(dpcd.Config, "dpcd", recipes / "dpcd.toml", {})
    assert config.dpcd == Coefficients()
    assert config.replay == 0.3
    read = recipe.read(distil.Config, "distil", recipes / "distil.toml", {"teacher": "large"})
    assert (read.kind, read.teacher, read.temperature) == ("white_box", "large", 1.5)


def test_on_resuming_the_run_goes_on_with_the_same_chains(
    model_folder: Path, domain: Path, replay: Path, tmp_path: Path
) -> None:
    words = [
        "dpcd", "--model", model_folder, "--data", domain, "--replay_data", replay,
        "--dpcd.filter", "false", *SHORT, "--loop.rows", 4, "--loop.decay", 0, "--loop.warmup", 0,
    ]  # fmt: skip
    assert train(*words, "--out", tmp_path / "whole", "--loop.steps", 6) == 0
    for steps in (3, 6):
        assert train(*words, "--out", tmp_path / "parts", "--loop.steps", steps) == 0
    one, two = (load(tmp_path / name / "model").state_dict() for name in ("whole", "parts"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_process_without_a_share_of_a_step_reports_the_same_terms(
    model_folder: Path, tokenizer: Tokenizer, replay: Path
) -> None:
    """Else the processes add up different figures."""
    model, config = load(model_folder), dpcd.Config(out="out", model=str(model_folder))
    dialogues = read_dialogues(replay, tokenizer, Weights(), 512)
    chains = annotate(dialogues, len(dialogues), tokenizer).weighed(config.dpcd)
    teacher = ModelTeacher(load(model_folder))
    method = dpcd.ChainPreservation(
        config, model, tokenizer, chains, np.arange(len(dialogues)), None, teacher
    )
    (batch,) = method.next_step(0.0).batches
    loss, nothing = method.loss(batch), method.loss(batch.empty())
    assert list(nothing.figures) == list(loss.figures)
    assert set(nothing.figures.values()) == {0.0}
    nothing.sum.backward()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())

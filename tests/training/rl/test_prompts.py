"""Reading prompts, their order, and what an episode becomes in a batch."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from training.data.chat import render_text
from training.rewards import build
from training.rl.episodes import Episode, Player
from training.rl.policy_method import described, to_batch
from training.rl.prompts import HEADER, NO_THOUGHT, THINK, Prompt, PromptStream, read_prompts
from training.rl.rollout import Limits


def test_both_kinds_of_rows_are_read_as_for_tuning(tmp_path: Path, tokenizer: Tokenizer) -> None:
    turn = {"role": "user", "content": "what is a coin"}
    answer = {"role": "assistant", "content": "never shown"}
    rows = [
        {"prompt": "what is a coin", "facts": {"answer": 3}},
        {"messages": [turn, answer], "tools": ["price"]},
        {"prompt": "worth " * 90},
    ]
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain, with_tools = read_prompts(path, tokenizer, 60)
    assert plain == Prompt(render_text([turn]) + HEADER, {"answer": 3})
    assert with_tools.text == render_text([turn], ["price"]) + HEADER
    path.write_text('{"prompt": "fine"}\n{"question": "?"}\n')
    with pytest.raises(ValueError, match=r"prompts.jsonl, line 2: not a prompt"):
        read_prompts(path, tokenizer, 60)


@given(st.integers(1, 9), st.lists(st.integers(1, 7), max_size=6), st.integers(0, 5))
def test_an_epoch_has_every_prompt_once_and_can_be_resumed(
    count: int, draws: list[int], seed: int
) -> None:
    stream, other = PromptStream(count, seed), PromptStream(count, seed)
    drawn = [number for size in draws for number in stream.draw(size)]
    for start in range(0, len(drawn) - count + 1, count):
        assert sorted(drawn[start : start + count]) == list(range(count))
    other.restore(stream.state())
    assert stream.draw(5) == other.draw(5)


def test_a_share_of_the_prompts_asks_for_thought(tokenizer: Tokenizer) -> None:
    player = Player(tokenizer, build([("think_format", 1.0)]), Limits(4, ()), thinking=0.3)
    prompt = Prompt("question")
    openings = Counter(player.opened(prompt, seed).opening for seed in range(2000))
    assert openings.keys() == {THINK, NO_THOUGHT}
    assert openings[THINK] / 2000 == pytest.approx(0.3, abs=0.04)
    plain = Player(tokenizer, player.scorer, Limits(4, ()))
    assert plain.opened(prompt, 1) == prompt


def test_a_batch_trains_on_what_the_model_wrote() -> None:
    long = Episode([5, 6, 7, 8, 9], 2, [1, 0, 1], [-0.1, 0.0, -0.3], True, {"reward": 1}, 0.5)
    short = Episode([5, 6, 4], 2, [1], [-0.7], False, {"reward": 0}, -2.0)
    batch = to_batch([long, short], "grpo", longest=8)
    assert batch.inputs.tolist() == [[5, 6, 7, 8], [5, 6, 4, 0]]
    assert batch.targets.tolist() == [[6, 7, 8, 9], [6, 4, 0, 0]]
    assert batch.weights.tolist() == [[0, 0.5, 0, 0.5], [0, 1, 0, 0]]
    assert batch.norm == 2
    assert batch.tokens == 6
    old = torch.tensor([[0, -0.1, 0, -0.3], [0, -0.7, 0, 0]])
    torch.testing.assert_close(batch.extra["old"], old)
    assert batch.extra["advantages"].tolist() == [[0.5], [-2.0]]
    figures = described([long, short])
    assert figures == {"reward": 0.5, "reward_std": 0.5, "length": 1.5, "finished": 0.5}

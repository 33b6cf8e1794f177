"""Several turns with the real tools: a scripted model calls, the tools of a made-up user answer."""

import json
import random

import pytest
import torch
from tokenizers import Tokenizer

from training.assistant.market import random_user
from training.assistant.wordings import load
from training.data.chat import HEADER
from training.rewards import build
from training.rl import tools
from training.rl.episodes import Episode
from training.rl.prompts import Prompt
from training.rl.rollout import Answer, Limits
from training.rl.tools import ToolPlayer, run_call, tool_prompts

CALL = (
    '<tool_call>\n{"name": "apr_to_apy", "arguments": '
    '{"rate_percent": 10, "compounding": "monthly"}}\n</tool_call>'
)


def play(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, turns: list[str]) -> Episode:
    """What becomes of a question when the model writes these turns."""
    end = tokenizer.token_to_id("<|im_end|>")

    def scripted(_model: object, prompts: list[list[int]], *_: object) -> list[Answer]:
        ids = [*tokenizer.encode(turns.pop(0)).ids, end]
        assert len(prompts) == 1
        return [Answer(ids, [-0.5] * len(ids), finished=True)]

    monkeypatch.setattr(tools, "generate", scripted)
    wanted = {"name": "apr_to_apy", "arguments": {"rate_percent": 10, "compounding": "monthly"}}
    prompt = Prompt("<|im_start|>user\n10 %?<|im_end|>\n" + HEADER, {"user": 1, "call": wanted})
    player = ToolPlayer(tokenizer, build([("tool_success", 1.0)]), Limits(50, (end,)), most=2)
    (episode,) = player.play(torch.nn.Linear(1, 1), [prompt], [5], mixed=False)
    return episode


def test_a_call_is_run_and_its_result_is_a_turn_without_weight(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 % monthly is (1 + 0.1/12)^12 - 1 = 10.47 %."""
    episode = play(tokenizer, monkeypatch, [CALL, "The APY is 10.47 %."])
    said = episode.tokens[episode.start :]
    assert len(said) == len(episode.mask) == len(episode.log_probs)
    tool = tokenizer.decode([t for t, m in zip(said, episode.mask, strict=True) if not m], False)
    model = tokenizer.decode([t for t, m in zip(said, episode.mask, strict=True) if m], False)
    assert tool.startswith("\n<|im_start|>user\n<tool_response>\n")
    assert "10.47 %" in tool
    assert tool.endswith("\n</tool_response><|im_end|>\n" + HEADER)
    assert model == CALL + "<|im_end|>The APY is 10.47 %.<|im_end|>"
    assert set(episode.log_probs) == {0.0, -0.5}
    assert episode.rewards["tool_success"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("turns", "reward"),
    [
        (["It is about ten."], 0.0),
        ([CALL.replace("10,", "11,"), "It is 11.57 %."], 0.4),
        ([CALL, "I cannot say."], 0.7),
        ([CALL, CALL, "It is 10.47 %."], 0.9),
        ([CALL.replace("apr_to_apy", "apr"), "It is 10.47 %."], 0.0),
        ([CALL.replace("apr_to_apy", "apr"), CALL, "It is 10.47 %."], 0.9),
        ([CALL.replace("10,", "11,"), CALL, "It is 10.47 %."], 0.9),
        ([CALL, CALL.replace("apr_to_apy", "apr"), "It is 10.47 %."], 0.9),
        (["<tool_call>{</tool_call>", "It is 10.47 %."], 0.0),
        ([CALL, CALL, CALL], 0.6),
    ],
)
def test_the_reward_of_a_talk(
    turns: list[str], reward: float, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert play(tokenizer, monkeypatch, turns).rewards["tool_success"] == pytest.approx(reward)
    assert not turns, "a talk ends after the last answer or two rounds of calls"


def test_a_wrong_call_tells_the_model_what_is_wrong() -> None:
    context = random_user(random.Random(1)).context
    call, text = run_call('{"name": "price", "arguments": {}}', context)
    assert not call["ok"]
    assert text == "error: price needs asset"


def test_questions_are_those_of_the_seed_and_fit_their_user() -> None:
    known = load()
    once, again = tool_prompts(12, 7, known), tool_prompts(12, 7, known)
    assert once == again
    assert once != tool_prompts(12, 8, known)
    kinds = {prompt.facts["call"] is None for prompt in once}
    assert kinds == {True, False}
    for prompt in once:
        assert prompt.text.endswith("<|im_end|>\n" + HEADER)
        wanted = prompt.facts["call"]
        if wanted:
            user = random_user(random.Random(prompt.facts["user"]))
            made, _ = run_call(json.dumps(wanted), user.context)
            assert made["ok"]
            assert made["arguments"] == wanted["arguments"]

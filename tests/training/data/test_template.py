import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from engine.core.errors import KnownError
from training.cli import main
from training.data.chat import Piece, Weights, render_text
from training.data.dialogue_formats import Dialogue, dialogue
from training.data.pairs import read_pairs
from training.data.sft import read_dialogues
from training.data.template import ChatTemplate, Form, weigh_tags
from training.data.topk import fingerprint, open_topk
from training.methods.reward import padding_token
from training.methods.tokenizer import TEMPLATE
from training.models.sampling import stop_tokens
from training.models.shapes import Shape, build
from training.rewards import Sample
from training.rewards import model as reward_texts
from training.rl.prompts import read_prompts

# Beginning of text, roles in brackets, a closing token and a line break after each turn.
PLAIN = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
# As Qwen3: only answers after the last question keep their reasoning.
FORGETFUL = (
    "{% set ns = namespace(last=0) %}{% for m in messages %}{% if m.role == 'user' %}"
    "{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
    "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' and loop.index0 > ns.last %}"
    "<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}{{ eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
TURNS = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello.", "reasoning_content": "greet"},
    {"role": "user", "content": "Bye"},
    {"role": "assistant", "content": "So long\n", "reasoning_content": "part"},
]
DIALOGUE = Dialogue(TURNS, [], [])


def folder(path: Path, template: object, **config: object) -> Path:
    path.mkdir(exist_ok=True)
    fixed = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "chat_template": template}
    (path / "tokenizer_config.json").write_text(json.dumps(fixed | config))
    return path


def learnt(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.weight]


@pytest.fixture(scope="module")
def foreign() -> Tokenizer:
    """A byte-level vocabulary that is not ours; as Llama 3's it adds <s> and trims offsets."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=256, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(["So long"], trainer)
    made.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    begin = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", made.token_to_id("<s>"))]
    )
    made.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), begin])
    return made


def test_a_reward_model_reads_answers_as_its_template_closes_them(
    foreign: Tokenizer, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reward_texts, "score_texts", lambda _: list)  # the texts themselves
    question = Dialogue(TURNS[:2], [], [])
    for some, closed in ((foreign, "</s>\n"), (tokenizer, "<|im_end|>\n")):
        where = folder(tmp_path / closed.strip("</|>\n"), PLAIN)
        some.save(str(where / "tokenizer.json"))
        prompt = Form(some, where).prompt(question)
        (read,) = reward_texts.reward_model(str(where))([Sample(prompt, "Hello.")])
        assert read == prompt + "Hello." + closed
        said = Dialogue([*TURNS[:2], {"role": "assistant", "content": "Hello."}], [], [])
        assert read == "".join(piece.text for piece in Form(some, where).samples(said)[0])


def test_the_text_is_that_of_transformers(tokenizer: Tokenizer, tmp_path: Path) -> None:
    call = {"name": "price", "arguments": {"asset": "BTC"}}
    turns: list[dict[str, Any]] = [
        *TURNS,
        {"role": "user", "content": "And BTC?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "$1"},
        {"role": "assistant", "content": "One dollar."},
    ]
    source = TEMPLATE.read_text(encoding="utf-8")
    (pieces,) = ChatTemplate(folder(tmp_path / "t", source)).render(Dialogue(turns, ["price"], []))
    text = "".join(piece.text for piece in pieces)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    assert text == render_text(turns, ["price"])
    assert text == wrapped.apply_chat_template(
        turns, tools=[{"name": "price"}], chat_template=source, tokenize=False
    )
    assert learnt(pieces) == [
        "<think>\ngreet\n</think>\n\nHello.<|im_end|>",
        "<think>\npart\n</think>\n\nSo long\n<|im_end|>",
        '<tool_call>\n{"name": "price", "arguments": {"asset": "BTC"}}\n</tool_call><|im_end|>',
        "One dollar.<|im_end|>",
    ]


def test_answers_and_their_ends_are_learnt(tmp_path: Path) -> None:
    (pieces,) = ChatTemplate(folder(tmp_path, PLAIN)).render(DIALOGUE)
    assert pieces == [
        Piece("<s>[system]Be short.</s>\n[user]Hi</s>\n[assistant]"),
        # The template knows no reasoning, so it stands in the answer.
        Piece("<think>\ngreet\n</think>\n\nHello.</s>", 1.0),
        Piece("\n[user]Bye</s>\n[assistant]"),
        Piece("<think>\npart\n</think>\n\nSo long\n</s>", 1.0),
        Piece("\n"),
    ]


def test_an_answer_that_changes_later_is_learnt_as_it_is_written(tmp_path: Path) -> None:
    several = [{"name": "default", "template": FORGETFUL}, {"name": "rag", "template": "x"}]
    first, second = ChatTemplate(folder(tmp_path, several)).render(DIALOGUE)
    assert learnt(first) == ["<think>greet</think>Hello.</s>"]
    assert learnt(second) == ["<think>part</think>So long\n</s>"]
    assert "".join(p.text for p in second) == (
        "[system]Be short.</s>[user]Hi</s>[assistant]Hello.</s>"
        "[user]Bye</s>[assistant]<think>part</think>So long\n</s>"
    )


def test_what_the_prompt_opens_is_not_learnt(tmp_path: Path) -> None:
    opened = (
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}~{% endfor %}"
        "{% if add_generation_prompt %}[assistant]<think>{% endif %}"
    )
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "<think>a</think>"},
    ]
    (pieces,) = ChatTemplate(folder(tmp_path, opened)).render(Dialogue(turns, [], []))
    assert learnt(pieces) == ["a</think>~"]


def test_tools_of_ours_are_described_and_given_ones_kept(tmp_path: Path) -> None:
    source = "{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% endfor %}"
    template = ChatTemplate(folder(tmp_path, source))
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]

    def shown(row: dict[str, Any]) -> Any:
        (pieces,) = template.render(dialogue({"messages": turns, **row}))
        return json.loads("".join(p.text for p in pieces).removesuffix("HiHo"))

    assert shown({}) is None
    price, other = shown({"tools": ["price", "dance"]})
    assert "asset" in price["function"]["parameters"]["properties"]
    assert other["function"]["name"] == "dance"
    given = [{"type": "function", "function": {"name": "price", "parameters": {}}}]
    assert shown({"tools": given}) == given


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "has no chat template"),
        ("{% if %}", "is broken"),
        ("{{ raise_exception('no system turn') }}", "no system turn"),
        ("{{ messages | length }}", "changes what was said"),
        ("{{ messages[9].content.x }}", "refuses it"),
        (PLAIN.replace("m.content", "m.content.split('</think>')[-1]"), "leaves out the reasoning"),
    ],
)
def test_a_useless_template_is_named(tmp_path: Path, template: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChatTemplate(folder(tmp_path, template)).render(DIALOGUE)


def test_the_vocabulary_decides(tokenizer: Tokenizer, foreign: Tokenizer, tmp_path: Path) -> None:
    place, weights = folder(tmp_path, PLAIN), Weights(text=3.0)
    ours, theirs = (Form(t, place, weights).samples(DIALOGUE)[0] for t in (tokenizer, foreign))
    assert {piece.weight for piece in ours} == {0.0, 3.0}
    assert learnt(theirs)[0].endswith("Hello.</s>")
    text = Dialogue([], [], [], "a text")
    assert Form(tokenizer, place, weights).samples(text) == [[Piece("a text<|endoftext|>", 3.0)]]
    assert Form(foreign, place, weights).samples(text) == [[Piece("a text</s>", 3.0)]]


def test_tokens_of_another_vocabulary(foreign: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(
        json.dumps({"messages": [*TURNS[:2], {"role": "assistant", "content": "a  \n b"}]})
    )
    data = read_dialogues(path, foreign, Weights(), 200, folder(tmp_path, PLAIN))
    ids, weights = data[0]
    begin = foreign.token_to_id("<s>")
    assert ids.tolist().count(begin) == 1  # the template's; none is added
    trained = foreign.decode(ids[weights > 0].tolist(), skip_special_tokens=False)
    assert trained.replace("Ġ", " ").replace("Ċ", "\n").replace(" ", "") == "a\nb</s>"
    assert (weights > 0).sum() == len("a  \n b") + 1  # white space too


@pytest.mark.parametrize("text", ["<think>", "</think>", "<answer>", "</answer>"])
def test_only_tags_have_the_weight_of_tags(text: str) -> None:
    pieces = [Piece(text), Piece(f"1 < 2 <b> {text}x <thinking>", 1.5)]
    assert [*weigh_tags(pieces, 9.0)] == [
        Piece(text), Piece("1 < 2 <b> ", 1.5), Piece(text, 9.0), Piece("x <thinking>", 1.5),
    ]  # fmt: skip


def test_a_dialogue_without_an_answer_is_named(foreign: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"messages": TURNS[:2]}))
    with pytest.raises(ValueError, match=r"d\.jsonl, line 1: the assistant says nothing"):
        read_dialogues(path, foreign, Weights(), 200, folder(tmp_path, PLAIN))


def test_sft_of_another_model_packed(foreign: Tokenizer, tmp_path: Path) -> None:
    model = folder(tmp_path / "model", PLAIN, tokenizer_class="PreTrainedTokenizerFast")
    foreign.save(str(model / "tokenizer.json"))
    shape = Shape(256, 1, 256, 4, 2, context=128)
    build(shape, foreign.get_vocab_size(), seed=1).save_pretrained(model)
    rows = [{"instruction": f"Say {n}", "output": f"It is {n}."} for n in range(12)]
    (tmp_path / "alpaca.json").write_text(json.dumps(rows))
    words = ["sft", "--model", str(model), "--data", str(tmp_path / "alpaca.json")]
    words += ["--out", str(tmp_path / "run"), "--packing", "true", "--context", "100"]
    words += [
        "--loop.epochs",
        "3",
        "--loop.rows",
        "2",
        "--loop.threads",
        "1",
        "--loop.log_steps",
        "1",
    ]
    assert main(words) == 0
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    losses = [row["loss"] for row in map(json.loads, lines) if "loss" in row]
    assert losses[-1] < losses[0]


def test_the_logits_of_a_teacher_are_of_its_own_chat_template(
    foreign: Tokenizer, tmp_path: Path
) -> None:
    """And distillation from them reads the dialogues alike."""
    made = folder(tmp_path / "model", PLAIN)
    foreign.save(str(made / "tokenizer.json"))
    build(Shape(64, 1, 64, 2, 1, head_dim=32), foreign.get_vocab_size(), 1).save_pretrained(made)
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"messages": TURNS[1:3]}) + "\n")
    stored, given = tmp_path / "logits", ["--data", str(data), "--context", "200"]
    assert main(["topk", "--teacher", str(made), *given, "--out", str(stored), "--k", "5"]) == 0
    dialogues = read_dialogues(data, foreign, Weights(), 200, made)
    assert dialogues.ids[0] == foreign.token_to_id("<s>")
    open_topk(stored, dialogues, fingerprint(dialogues, made))  # refuses those of other tokens
    words = ["distil", "--model", str(made), "--topk", str(stored), *given, "--loop.steps", "1"]
    assert main([*words, "--loop.mixed", "false", "--out", str(tmp_path / "run")]) == 0


def test_prompts_are_what_the_next_answer_stands_behind(
    tokenizer: Tokenizer, foreign: Tokenizer, tmp_path: Path
) -> None:
    place, data = folder(tmp_path, PLAIN), tmp_path / "prompts.jsonl"
    data.write_text('{"prompt": "Hi"}\n')
    ours, theirs = (read_prompts(data, t, 50, place)[0].text for t in (tokenizer, foreign))
    assert ours == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert theirs == "<s>[user]Hi</s>\n[assistant]"


def test_pairs_are_written_by_the_template_and_count_after_what_they_share(
    foreign: Tokenizer, tmp_path: Path
) -> None:
    place, data = folder(tmp_path, PLAIN), tmp_path / "pairs.jsonl"
    hello, bye = {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye"}
    row = {"prompt": [TURNS[1], hello, bye], "chosen": "So long", "rejected": "So"}
    data.write_text(json.dumps(row) + "\n")
    batch = read_pairs(data, foreign, 200, place).batch([0])
    for targets, weights, answer in zip(
        batch.targets, batch.weights, ("So long", "So"), strict=True
    ):
        learnt_ids = foreign.encode(f"{answer}</s>", add_special_tokens=False).ids
        assert targets[weights > 0].tolist() == learnt_ids
        whole = f"[user]Hi</s>\n[assistant]Hello.</s>\n[user]Bye</s>\n[assistant]{answer}</s>\n"
        ids = foreign.encode("<s>" + whole, add_special_tokens=False).ids
        assert targets[: len(ids) - 1].tolist() == ids[1:]


def test_what_ends_an_answer_is_named_by_the_folder(
    tokenizer: Tokenizer, foreign: Tokenizer, tmp_path: Path
) -> None:
    with pytest.raises(KnownError, match="Nothing says what ends an answer"):
        stop_tokens(foreign, tmp_path)
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [7, 9]}')
    assert stop_tokens(foreign, tmp_path) == [7, 9]
    marks = [tokenizer.token_to_id(token) for token in ("<|im_end|>", "<|endoftext|>")]
    assert stop_tokens(tokenizer, tmp_path) == [*marks, 7, 9]


def test_what_fills_rows_ends_no_answer(foreign: Tokenizer, tmp_path: Path) -> None:
    foreign.save(str(folder(tmp_path, PLAIN, pad_token="</s>") / "tokenizer.json"))
    with pytest.raises(KnownError, match="fills rows and ends no answer"):
        padding_token(tmp_path)
    folder(tmp_path, PLAIN, pad_token="<s>")
    assert padding_token(tmp_path) == foreign.token_to_id("<s>")

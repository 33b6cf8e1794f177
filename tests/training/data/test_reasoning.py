import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from training.data.chat import render_text
from training.data.reasoning import (
    answer_message,
    classify,
    last_answer,
    numbered,
    question,
    split,
    term_share,
    thought,
)
from training.objectives.dpcd import Task


def dialogue(chain: str, answer: str = "Yes.") -> str:
    return render_text(
        [
            {"role": "user", "content": "Is <think>\nit\n</think> safe?"},
            {"role": "assistant", "reasoning_content": chain, "content": answer},
        ]
    )


def test_steps_are_lines_and_sentences() -> None:
    chain = split("First 3.5 of it. Then more!\nA line\n  which goes on\n\nThe end?")
    assert chain.steps == (
        "First 3.5 of it. ", "Then more!\n", "A line\n  which goes on\n\n", "The end?",
    )  # fmt: skip
    assert split(" \n").steps == ()


@given(st.text(alphabet="ab1.!? \n", max_size=60))
def test_steps_join_to_the_chain(text: str) -> None:
    steps = split(text).steps
    assert "".join(steps) == (text if text.strip() else "")


def test_forks_raise_the_branching_factor() -> None:
    assert split("add\ncarry\nwrite").branching == 1.0
    assert split("add\nalternatively subtract\nwait, either works\nend").branching == 1 + 3 / 4


def inner(text: str) -> str:
    return text[thought(text, last_answer(text, [])[0])]


def test_only_the_last_answers_thought_counts() -> None:
    assert inner(dialogue("2+2=4\nso 4")) == "2+2=4\nso 4"
    assert inner(dialogue("")) == ""
    both = dialogue("one") + dialogue("")
    assert inner(both) == ""
    begin, _ = last_answer(both, [])
    assert question(both, begin, 0) == "Is <think>\nit\n</think> safe?"


@pytest.mark.parametrize("with_answer", [False, True])
def test_pieces_number_the_steps_and_join_to_the_text(with_answer: bool) -> None:
    text = dialogue("2+2=4\nso 4")
    begin = text.rindex("<think>")
    pieces = numbered(text, begin, len(text) - 1, with_answer)
    assert "".join(piece.text for piece in pieces) == text
    assert [(piece.text, piece.weight) for piece in pieces[1:]] == [
        ("<think>\n", 1.0),
        ("2+2=4\n", 1.0),
        ("so 4", 2.0),
        ("\n</think>", 2.0),
        ("\n\nYes.<|im_end|>", 2.0 if with_answer else 0.0),
        ("\n", 0.0),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[user]2+2?[assistant]~<think>is 4\nyes</think>4.", "is 4\nyes"),
        ("[user]2+2?[assistant]<think>\n~is 4\nyes\n</think>\n\n4.", "is 4\nyes"),
        ("[user]2+2?[assistant]<think>~\nis 4</think>4.", "\nis 4"),
        ("[user]2+2?[assistant]~4, not <think>5</think>.", ""),
        ("[user]2+2?[assistant]~<think>cut off", ""),
        ("[user]2+2?[assistant]<think>~</think>4.", ""),
    ],
)
def test_a_thought_of_any_template_is_found(text: str, found: str) -> None:
    """~ stands where the answer begins."""
    begin = text.index("~")
    text = text.replace("~", "")
    assert last_answer(text, [(3, 4), (begin, len(text))]) == (begin, len(text))
    assert text[thought(text, begin)] == found
    assert "".join(p.text for p in numbered(text, begin, len(text), True)) == text
    assert question(text, begin, text.index("2+2")).startswith("2+2?[assistant]")


def test_dialogue_without_a_thought_has_no_steps() -> None:
    text = dialogue("")
    assert [piece.weight for piece in numbered(text, len(text), len(text), True)] == [0.0]


@given(st.text(alphabet="ab .\n", max_size=20), st.text(alphabet="ab .", max_size=20))
def test_what_is_rendered_is_read_back(chain: str, content: str) -> None:
    message = {"role": "assistant", "reasoning_content": chain, "content": content}
    written = render_text([message]).removeprefix("<|im_start|>assistant\n")
    read = answer_message(written.removesuffix("<|im_end|>\n"))
    assert read.get("reasoning_content", "") == chain
    assert read["content"] == content


@pytest.mark.parametrize(
    ("asked", "task"),
    [
        ("What is the price of ETH?", Task.PRICE),
        ("How much is one bitcoin worth?", Task.PRICE),
        ("Show the 24h volume of SOL", Task.MARKET),
        ("Which lending protocol has the best yield?", Task.DEFI),
        ("Is the price of this pool at risk?", Task.RISK),
        ("12 + 35 =", Task.OTHER),
    ],
)
def test_questions_are_classified_by_their_words(asked: str, task: Task) -> None:
    assert classify(asked) is task


def test_terms_are_counted_once_whatever_their_spelling() -> None:
    one = term_share("We stake.")
    assert one > 0
    assert term_share("Staking is to stake; STAKE!") == one
    assert term_share("staking and restaking") == pytest.approx(2 * one)
    assert term_share("mistaken blockages") == 0

import random
import re

import pytest

pytest.importorskip("torch")

from benchmarks.training.chains import arithmetic, is_complete, is_right, kind
from benchmarks.training.forgetting import FIGURES, table
from training.data.chat import render_text


def answer(row: dict) -> str:
    return render_text(row["messages"][1:]).removeprefix("<|im_start|>assistant\n")[
        : -len("<|im_end|>\n")
    ]


def test_arithmetic_is_right_and_its_chain_gives_the_digits() -> None:
    chooser = random.Random(1)
    for _ in range(300):
        row = arithmetic(chooser)
        question, reply = row["messages"]
        expression = question["content"].removesuffix(" = ?")
        assert re.fullmatch(r"\d+ [+*] \d+", expression)
        a, sign, b = expression.split()
        wanted = int(a) + int(b) if sign == "+" else int(a) * int(b)
        assert reply["content"] == str(wanted)
        values = [int(line.split("=")[1]) for line in reply["reasoning_content"].split("\n")]
        digits = str(values[-1]) + "".join(str(value % 10) for value in reversed(values[:-1]))
        assert digits == str(wanted)
        assert is_complete(row, answer(row))
        assert is_right(row, answer(row))


def test_broken_chains_are_told_apart() -> None:
    row = arithmetic(random.Random(2))
    whole = answer(row)
    line = row["messages"][1]["reasoning_content"].split("\n")[0]
    assert not is_complete(row, whole.replace(line + "\n", "", 1))
    assert not is_complete(row, whole.replace("</think>", ""))
    assert not is_complete(row, whole.replace(line, line[:-1] + str((int(line[-1]) + 1) % 10), 1))
    assert not is_complete(row, row["messages"][1]["content"])
    assert is_right(row, row["messages"][1]["content"])


def test_two_of_three_facts_tell_the_kind() -> None:
    sound = kind(random.Random(3), "sound")["messages"][1]
    assert sound["reasoning_content"].endswith(f"so {sound['content']}")
    broken = kind(random.Random(3), "broken")["messages"][1]
    assert not broken["reasoning_content"].endswith(f"so {broken['content']}")


def test_interval_is_students_t() -> None:
    rows = [{"method": "SFT", **dict.fromkeys(FIGURES, share)} for share in (0.4, 0.5, 0.6)]
    assert "50.0 ± 24.8" in table(rows)  # 4.303 * 10 / sqrt(3)

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from training.evaluate.tasks import Item, read_tasks

CEVAL = "id,question,A,B,C,D,answer,explanation\n0,两个加两个等于多少？,3,4,5,22,B,\n"
CMMLU = ',Question,A,B,C,D,Answer\n0,"Which, if any?",a,b,c,d,d\n'
MMLU = "What is 2+2?,3,4,5,\"twenty, two\",B\n\nSay 'a',a,b,c,d,A\n"


def folder(tmp_path: Path) -> Path:
    (tmp_path / "dev").mkdir(exist_ok=True)
    (tmp_path / "ceval.csv").write_text(CEVAL, encoding="utf-8-sig")
    (tmp_path / "cmmlu.csv").write_text(CMMLU)
    (tmp_path / "dev" / "mmlu_test.csv").write_text(MMLU)
    bbh = {"canary": "none", "examples": [{"input": "not False is", "target": "True "}] * 3}
    (tmp_path / "bool.json").write_text(json.dumps(bbh))
    (tmp_path / "sums.jsonl").write_text('{"question": "How many?", "answer": "So\\n#### 1,200"}\n')
    (tmp_path / "README.md").write_text("not a task")
    return tmp_path


def test_every_layout_is_read(tmp_path: Path) -> None:
    tasks = {task.name: task for task in read_tasks(folder(tmp_path))}
    assert tasks.keys() == {"ceval", "cmmlu", "dev_mmlu_test", "bool", "sums"}
    letters = tuple("ABCD")
    (chinese,) = tasks["ceval"].items
    assert chinese == Item("两个加两个等于多少？\nA. 3\nB. 4\nC. 5\nD. 22\n答案：", "B", letters)
    (named,) = tasks["cmmlu"].items
    assert named == Item("Which, if any?\nA. a\nB. b\nC. c\nD. d\nAnswer:", "D", letters)
    assert [item.target for item in tasks["dev_mmlu_test"].items] == ["B", "A"]
    assert tasks["bool"].items[0] == Item("Q: not False is\nA:", "True")
    assert tasks["sums"].items[0] == Item("Question: How many?\nAnswer:", "1,200")


def test_a_limit_and_answers_as_texts(tmp_path: Path) -> None:
    folder(tmp_path)
    (task,) = read_tasks(tmp_path / "dev" / "mmlu_test.csv", limit=1, cloze=True)
    assert task.items == (
        Item("What is 2+2?\nAnswer:", "4", ("3", "4", "5", "twenty, two")),
    )  # fmt: skip
    assert len(read_tasks(tmp_path / "bool.json", limit=2)[0].items) == 2


def test_what_counts_of_an_answer(tmp_path: Path) -> None:
    tasks = {task.name: task for task in read_tasks(folder(tmp_path))}
    sums = tasks["sums"]
    assert sums.extract(" 3 and 4 make 1,200.") == sums.plain("1,200") == "1200"
    assert sums.extract("-2.5 it is") == "-2.5"
    assert sums.extract("no idea") == ""
    assert tasks["bool"].extract("\n True  \nQ: or?") == "True"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "one,two\n"), ("a.csv", "q,1,2,3,4,E\n"), ("a.csv", ""), ("a.json", "[]"),
     ("a.json", "{"), ("a.jsonl", ""), ("a.csv", "question,A,B,C,D,answer\n"),
     ("a.jsonl", '{"question": 1}\n'), ("a.jsonl", "[1]\n")],
)  # fmt: skip
def test_a_file_that_is_none_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf"{name} is no file of questions"):
        read_tasks(tmp_path)


def test_a_foreign_file_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.json", "c.json"):
        (tmp_path / name).write_text('{"a": 1}')
    (tmp_path / "b.jsonl").write_text('{"question": "1 + 1?", "answer": "#### 2"}')
    (task,) = read_tasks(tmp_path)
    assert task.name == "b"
    wanted = 'is no file of questions; that has a list "examples" with input and target.\n'
    told = [f"Left out: {tmp_path / name} {wanted}" for name in ("a.json", "c.json")]
    assert capsys.readouterr().out == "".join(told)


def test_a_folder_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no \.csv"):
        read_tasks(tmp_path)


@settings(max_examples=40)
@given(st.text(',"ABCDé\n\r x', max_size=60))
def test_any_csv_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.encode("utf-8", "replace"))
    try:
        (task,) = read_tasks(path)
    except ValueError:  # of its own, for a user to read
        return
    assert all(item.target in item.choices for item in task.items)

"""Benchmark questions from local files, in the layouts in which the benchmarks are handed out.

C-Eval, CMMLU   CSV with a header: question, A, B, C, D, answer (in any case, others ignored)
MMLU            CSV without a header: question, four answers, the right letter
BBH             JSON: {"examples": [{"input": …, "target": …}]}
GSM8K           JSON lines: {"question": …, "answer": "… #### 42"}
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LETTERS = "ABCD"
STOPS = ("\n\n", "\nQ:", "\nQuestion:")  # a generated answer ends before any of these


@dataclass(frozen=True)
class Item:
    """One question. choices: the answers to choose from, target being one of them; empty = the
    answer is generated."""

    prompt: str
    target: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """The questions of one file.

    pattern, place: what counts of a generated answer, as re.findall(pattern)[place]. ignored: a
    character that neither it nor the target is compared by.
    """

    name: str
    items: tuple[Item, ...]
    pattern: str = ""
    place: int = 0
    ignored: str = ""

    def extract(self, answer: str) -> str:
        """What counts of a generated answer; "" if there is nothing."""
        found = re.findall(self.pattern, answer)
        return self.plain(found[self.place].strip()) if found else ""

    def plain(self, text: str) -> str:
        """The text as it is compared."""
        return text.replace(self.ignored, "") if self.ignored else text


def read_tasks(path: Path, limit: int = 0, *, cloze: bool = False) -> list[Task]:
    """The tasks of a file or of all files below a folder, by name.

    limit: questions per task; 0 = all. cloze: choose among the answers' texts, not their letters.
    Of a folder, files that hold no questions are named and left out. Raises ValueError that names
    one of them if there is nothing else.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    known = [file for file in files if file.suffix in _READERS and file.is_file()]
    if not known:
        raise ValueError(f"{path} has no .csv, .json or .jsonl file of questions.")
    base = path.parent if path.is_file() else path
    tasks: list[Task] = []
    foreign = ""
    for file in known:
        name = "_".join(file.relative_to(base).with_suffix("").parts)
        task = _read(name, file, cloze)
        if task is None:
            foreign = f"{file} is no file of questions; that has {_LAYOUTS[file.suffix]}."
            if tasks or file != known[-1]:
                print(f"Left out: {foreign}", flush=True)
            continue
        items = task.items[: limit or None]
        tasks.append(Task(name, items, task.pattern, task.place, task.ignored))
    if not tasks:
        raise ValueError(foreign)
    return tasks


def _read(name: str, path: Path, cloze: bool) -> Task | None:
    """The questions of a file; None if it holds none."""
    try:
        task = _READERS[path.suffix](name, path, cloze)
    except (LookupError, TypeError, AttributeError, ValueError, csv.Error):
        return None
    return task if task.items else None


def _choices(name: str, path: Path, cloze: bool) -> Task:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    header = [cell.strip().lower() for cell in rows[0]]
    wanted = ["question", *LETTERS.lower(), "answer"]
    if set(wanted) <= set(header):
        columns, rows = [header.index(word) for word in wanted], rows[1:]
    else:
        columns = list(range(6))
    cells = [[row[column].strip() for column in columns] for row in rows]
    return Task(name, tuple(_choice(question, rest, cloze) for question, *rest in cells))


def _choice(question: str, rest: list[str], cloze: bool) -> Item:
    *answers, letter = rest
    number = LETTERS.index(letter.upper())
    chinese = re.search("[\u4e00-\u9fff]", question) is not None
    end = "答案：" if chinese else "Answer:"
    if cloze:
        return Item(f"{question}\n{end}", answers[number], tuple(answers))
    lines = [f"{name}. {answer}" for name, answer in zip(LETTERS, answers, strict=True)]
    return Item("\n".join((question, *lines, end)), LETTERS[number], tuple(LETTERS))


def _bbh(name: str, path: Path, _cloze: bool) -> Task:
    examples = json.loads(path.read_text(encoding="utf-8"))["examples"]
    items = tuple(Item(f"Q: {one['input']}\nA:", one["target"].strip()) for one in examples)
    return Task(name, items, pattern=r"\S.*")  # the first line that says something


def _numbers(name: str, path: Path, _cloze: bool) -> Task:
    rows = list(_lines(path))
    items = tuple(
        Item(f"Question: {row['question']}\nAnswer:", row["answer"].rpartition("####")[2].strip())
        for row in rows
    )
    return Task(name, items, pattern=r"-?\d[\d,]*(?:\.\d+)?", place=-1, ignored=",")


def _lines(path: Path) -> Iterator[dict[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


_READERS: dict[str, Callable[[str, Path, bool], Task]] = {
    ".csv": _choices, ".json": _bbh, ".jsonl": _numbers,
}  # fmt: skip
_LAYOUTS = {
    ".csv": "question, A, B, C, D and answer",
    ".json": 'a list "examples" with input and target',
    ".jsonl": "question and answer",
}

"""Answers that a model writes to the questions of others' dialogues, for another to learn from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from engine.core.errors import KnownError
from engine.core.words import counted
from training.data.dialogue_formats import Dialogue, as_row, read_dialogues
from training.data.reasoning import answer_message
from training.data.template import Form
from training.models.loading import mark
from training.models.sampling import sample, stop_tokens


def write_answers(
    model: Any,
    tokenizer: Tokenizer,
    folder: Path,
    data: Path,
    target: Path,
    rows: int,
    longest: int,
    temperature: float,
    seed: int,
) -> None:
    """Write data's dialogues to target with the model's own last answer, rows at a time.

    What target holds already is kept; KnownError if its answers are of another teacher, other data
    or other settings, which stand beside it. An answer that does not end within longest tokens is
    left out with its dialogue. data: a file, a folder or a pattern. folder: the model's, whose
    chat template is used unless the vocabulary is ours. A dialogue's key "row" is its number in
    data, from 0.
    """
    dialogues = list(_asking(data))
    wanted = {
        "teacher": mark(folder),
        "data": blake2b(repr(dialogues).encode(), digest_size=16).hexdigest(),
        "longest": longest,
        "sampling": temperature,
    }
    _check(target, wanted)
    stops, done = stop_tokens(tokenizer, folder), _whole_lines(target)
    form = Form(tokenizer, folder)
    with target.open("a", encoding="utf-8") as file:
        for first in range(done, len(dialogues), rows):
            asked = [
                replace(dialogue, messages=_question(dialogue.messages))
                for dialogue in dialogues[first : first + rows]
            ]
            ids = [
                tokenizer.encode(form.prompt(dialogue), add_special_tokens=False).ids
                for dialogue in asked
            ]
            written = sample(model, ids, stops, longest, temperature, hash((seed, first)))
            for number, (dialogue, answer) in enumerate(zip(asked, written, strict=True), first):
                if answer[-1] in stops:
                    message = answer_message(tokenizer.decode(answer, skip_special_tokens=True))
                    new = replace(dialogue, messages=[*dialogue.messages, message])
                    file.write(json.dumps(as_row(new) | {"row": number}) + "\n")
            file.flush()
            print(f"{first + len(asked)} of {len(dialogues)} answers", flush=True)
    kept = len(target.read_text(encoding="utf-8").splitlines())
    if kept < len(dialogues):
        lost = counted(len(dialogues) - kept, "dialogue")
        print(f"{lost} left out: no end of the answer within {longest} tokens", flush=True)


def _asking(data: Path) -> Iterator[Dialogue]:
    """The dialogues of data; ValueError for a plain text, which asks nothing."""
    for where, found in read_dialogues(data):
        if found.text:
            raise ValueError(f"{where}: a plain text, which a teacher has nothing to answer to")
        yield found


def _check(target: Path, wanted: Mapping[str, object]) -> None:
    """KnownError if target's answers were made otherwise; note how they are made if it has none."""
    beside = target.with_suffix(".json")
    noted = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    if not target.exists():
        beside.write_text(json.dumps(wanted), encoding="utf-8")
    elif other := [name for name in wanted if noted.get(name) != wanted[name]]:
        raise KnownError(
            f"The answers in {target} were written with a different {' and '.join(other)}.",
            f"Delete {target}, or choose another out.",
        )


def _question(messages: list[Any]) -> list[Any]:
    """The messages before the last answer."""
    last = max(
        (i for i, m in enumerate(messages) if m["role"] == "assistant"), default=len(messages)
    )
    return messages[:last]


def _whole_lines(target: Path) -> int:
    """Cut off what a crash has left of a line, and say with which row of the data to go on."""
    if not target.exists():
        return 0
    lines = target.read_text(encoding="utf-8").split("\n")[:-1]
    target.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return int(json.loads(lines[-1])["row"]) + 1 if lines else 0

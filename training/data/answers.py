"""Answers that a model writes to the questions of others' dialogues, for another to learn from."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from engine.core.words import counted
from training.data.dialogue_formats import Dialogue
from training.data.reasoning import answer_message
from training.data.template import Form
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

    What target holds already is kept. An answer that does not end within longest tokens is left
    out with its dialogue. folder: the tokenizer's, whose chat template is used unless the
    vocabulary is ours. A dialogue's key "row" is its line in data, from 0.
    """
    dialogues = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    stops, done = stop_tokens(tokenizer, folder), _whole_lines(target)
    form = Form(tokenizer, folder)
    with target.open("a", encoding="utf-8") as file:
        for first in range(done, len(dialogues), rows):
            part = dialogues[first : first + rows]
            asked = [_question(dialogue["messages"]) for dialogue in part]
            prompts = [
                form.prompt(Dialogue(messages, dialogue.get("tools", []), []))
                for messages, dialogue in zip(asked, part, strict=True)
            ]
            ids = [tokenizer.encode(prompt, add_special_tokens=False).ids for prompt in prompts]
            written = sample(model, ids, stops, longest, temperature, hash((seed, first)))
            for number, answer in enumerate(written):
                if answer[-1] in stops:
                    message = answer_message(tokenizer.decode(answer, skip_special_tokens=True))
                    new = {**part[number], "messages": [*asked[number], message]}
                    file.write(json.dumps({**new, "row": first + number}) + "\n")
            file.flush()
            print(f"{first + len(part)} of {len(dialogues)} answers", flush=True)
    kept = len(target.read_text(encoding="utf-8").splitlines())
    if kept < len(dialogues):
        lost = counted(len(dialogues) - kept, "dialogue")
        print(f"{lost} left out: no end of the answer within {longest} tokens", flush=True)


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

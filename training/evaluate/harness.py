"""The same questions and texts as tasks of the Language Model Evaluation Harness (lm-eval).

Each task is a YAML file and its questions as JSON lines beside it, so that another program can
check our figures. JSON is YAML, so the files are written as such.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.evaluate.tasks import STOPS, Task


def write(
    folder: Path, tasks: Sequence[Task], texts: Mapping[str, Sequence[str]], new_tokens: int
) -> list[str]:
    """Write tasks and, per domain, texts; their names in the harness."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"assay_{task.name}" for task in tasks] + [f"assay_text_{name}" for name in texts]
    contents = [
        *(
            (_task(task, new_tokens), [_row(task, index) for index in range(len(task.items))])
            for task in tasks
        ),
        *((_TEXT, [{"text": text} for text in some]) for some in texts.values()),
    ]
    for name, (settings, rows) in zip(names, contents, strict=True):
        data = folder / f"{name}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        document = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(data.resolve())}},
            "test_split": "test",
            "num_fewshot": 0,
            **settings,
        }
        (folder / f"{name}.yaml").write_text(json.dumps(document, indent=1), encoding="utf-8")
    return names


def command(model: Path, folder: Path, names: Sequence[str]) -> str:
    """What to type to run the tasks with lm-eval."""
    return (
        f"lm_eval --model hf --model_args pretrained={model},dtype=float32 "
        f"--include_path {folder} --tasks {','.join(names)}"
    )


def _row(task: Task, index: int) -> dict[str, Any]:
    item = task.items[index]
    if item.choices:
        gold = item.choices.index(item.target)
        return {"prompt": item.prompt, "choices": item.choices, "gold": gold}
    return {"prompt": item.prompt, "target": item.target}


def _task(task: Task, new_tokens: int) -> dict[str, Any]:
    if task.items[0].choices:
        return {
            "output_type": "multiple_choice",
            "doc_to_text": "{{prompt}}",
            "doc_to_choice": "{{choices}}",
            "doc_to_target": "gold",
            "metric_list": [{"metric": name} for name in ("acc", "acc_norm", "acc_bytes")],
        }
    found = {"function": "regex", "regex_pattern": task.pattern, "group_select": task.place}
    ignored = {"regexes_to_ignore": [task.ignored]} if task.ignored else {}
    return {
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{target}}",
        "generation_kwargs": {"until": STOPS, "max_gen_toks": new_tokens, "do_sample": False},
        "filter_list": [{"name": "found", "filter": [found, {"function": "take_first"}]}],
        "metric_list": [{"metric": "exact_match", **ignored}],
    }


_TEXT = {
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "{{text}}",
    "metric_list": [{"metric": m} for m in ("word_perplexity", "byte_perplexity", "bits_per_byte")],
}

"""Writes a model's folder: weights, config.json, tokenizer, licence."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from quantize.export.checkpoint import Part, write_checkpoint
from quantize.export.folder import atomic_folder, companions
from quantize.export.source import Source
from quantize.output import check_space
from quantize.task import Task


def write_model(
    source: Source, target: Path, config: dict[str, object], parts: Sequence[Part], task: Task
) -> int:
    """Write the new folder `target` with everything of the source but its weights and config.

    Returns the bytes of the weights. Raises KnownError and Cancelled; nothing is then at `target`.
    """
    total = sum(part.size for part in parts)
    extra = companions(source.folder)
    check_space(target, total + sum(path.stat().st_size for path in extra))
    done = 0

    def on_block(tensor: str, size: int) -> None:
        nonlocal done
        done += size
        task.check()
        task.report(done / total, f"Writing {tensor}")

    with atomic_folder(target) as folder:
        write_checkpoint(folder, parts, on_block)
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        for path in extra:
            shutil.copyfile(path, folder / path.name)
        task.check()
    return total

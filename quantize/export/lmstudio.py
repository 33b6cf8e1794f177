"""LM Studio: the model's file where it looks for models, which llama.cpp runs from there as well.

Layout: https://lmstudio.ai/docs/app/basics/import-model — MODELS/publisher/model/file.gguf.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from engine.core.files import known_os_error
from engine.model.gguf.header import GgufHeader
from quantize.convert.folder import require_folder
from quantize.export.folder import atomic_folder, link_or_copy
from quantize.export.gguf_file import read_model, simple_name
from quantize.outcome import Outcome
from quantize.task import Task

PUBLISHER = "assay"


@dataclass(frozen=True, slots=True)
class Exported(Outcome):
    """A finished export. path: of the model's file; linked: it needed no second copy."""

    path: str
    linked: bool

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        how = "linked" if self.linked else "copied"
        return f"The model is {how} to {self.path}; LM Studio lists it when it starts next."


def export_lmstudio(model: Path, models: Path, task: Task) -> Exported:
    """Put a GGUF file into LM Studio's folder of models.

    Raises KnownError; nothing is then there that was not before.
    """
    header = read_model(model)
    require_folder(
        models, "LM Studio shows it under My Models, usually .lmstudio/models in your home folder."
    )
    name = simple_name(header, model)
    publisher = models / PUBLISHER
    try:
        publisher.mkdir(exist_ok=True)
        try:
            with atomic_folder(publisher / name) as folder:
                linked = link_or_copy(model, folder / f"{name}.gguf")
                (folder / "README.md").write_text(_readme(header, name), encoding="utf-8")
                task.check()
        finally:
            with contextlib.suppress(OSError):  # removes it only if it is empty
                publisher.rmdir()
    except OSError as error:
        raise known_os_error(f"write {publisher.name}", error) from error
    return Exported(str(publisher / name / f"{name}.gguf"), linked)


def _readme(header: GgufHeader, name: str) -> str:
    """What the file is and how llama.cpp serves it; its sampling settings are in the file."""
    context = header.number("context_length", 4096)
    return (
        f"# {name}\n\n"
        "With llama.cpp, in this folder:\n\n"
        f"    llama-server -m {name}.gguf --jinja -c {context}\n"
    )

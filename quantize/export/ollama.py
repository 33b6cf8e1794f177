"""Ollama: the model's file and a Modelfile beside it.

Format: https://docs.ollama.com/modelfile. A text between three quotation marks ends at the next
three; there is no way to write these within one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.model.gguf.header import GgufHeader
from engine.model.templates import choose_template, is_vetted, traits_of
from quantize.export.folder import atomic_folder, link_or_copy
from quantize.export.gguf_file import read_model, simple_name
from quantize.export.ollama_templates import TEMPLATES
from quantize.outcome import Outcome
from quantize.task import Task

# Ollama's names of the settings a file recommends, and their largest sensible value.
_SAMPLING = {
    "temp": ("temperature", 100.0),
    "top_k": ("top_k", float(1 << 30)),
    "top_p": ("top_p", 1.0),
    "min_p": ("min_p", 1.0),
    "penalty_repeat": ("repeat_penalty", 100.0),
    "penalty_last_n": ("repeat_last_n", float(1 << 30)),
}
MODEL = "model.gguf"


@dataclass(frozen=True, slots=True)
class Exported(Outcome):
    """A finished export. linked: the model's file needed no second copy; template: the id of the
    one that was written, "" if Ollama is to use what is in the file."""

    name: str
    linked: bool
    template: str

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        how = "linked" if self.linked else "copied"
        template = "" if self.template else " Its chat template is the one in the file."
        return (
            f"The model is {how} beside its Modelfile.{template} "
            f"Next: ollama create {self.name} -f Modelfile, in that folder."
        )


def export_ollama(model: Path, target: Path, task: Task) -> Exported:
    """Make the new folder `target` of a GGUF file. Raises KnownError; nothing is then there."""
    header = read_model(model)
    text, template = modelfile(header)
    with atomic_folder(target) as folder:
        linked = link_or_copy(model, folder / MODEL)
        (folder / "Modelfile").write_text(text, encoding="utf-8")
        task.check()
    return Exported(simple_name(header, model), linked, template)


def modelfile(header: GgufHeader) -> tuple[str, str]:
    """The Modelfile for a file of that header, and the id of the template in it or ""."""
    chosen = choose_template(header)
    template = chosen if is_vetted(header) and chosen in TEMPLATES else ""
    lines = [f"FROM ./{MODEL}"]
    if template:
        lines.append(f"TEMPLATE {_quoted(TEMPLATES[template])}")
        lines += [f"PARAMETER stop {json.dumps(stop)}" for stop in traits_of(template).stop]
    lines += [f"PARAMETER {name} {value}" for name, value in _parameters(header)]
    licence = header.metadata.get("general.license")
    if isinstance(licence, str) and licence.strip():
        lines.append(f"LICENSE {_quoted(licence)}")
    return "\n".join(lines) + "\n", template


def _parameters(header: GgufHeader) -> Iterator[tuple[str, str]]:
    for key, (name, high) in _SAMPLING.items():
        value = header.metadata.get(f"general.sampling.{key}")
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= high:
            yield name, str(value) if isinstance(value, int) else f"{value:.6g}"


def _quoted(text: str) -> str:
    """A text as Ollama reads it back; characters that cannot be seen are dropped, as it does."""
    seen = "".join(one for one in text if one.isprintable() or one in "\n\t")
    return '"""' + seen.replace('"""', "'''") + '"""'

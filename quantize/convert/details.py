"""What a GGUF file says about the model besides its computation: name, licence, templates."""

import os
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.convert.card import describe_card
from quantize.convert.config import MAX_CONFIG, Config
from quantize.jsonfile import read_object
from quantize.writer import Metadata, f32, integer, text

DETAILS = "assay.json"
SETTINGS = "tokenizer_config.json"
GENERATION = "generation_config.json"
TEMPLATE = "chat_template.jinja"
# Keys of generation_config.json: llama.cpp's names and the largest sensible value.
_SAMPLING = {
    "temperature": ("temp", 100.0),
    "top_p": ("top_p", 1.0),
    "min_p": ("min_p", 1.0),
    "repetition_penalty": ("penalty_repeat", 100.0),
}
MAX_TEMPLATE = 256 << 10  # bytes; Assay's reader accepts no more


def read_settings(folder: Path) -> Config:
    """The tokenizer_config.json, which not every model has. Raises KnownError."""
    return _read(folder / SETTINGS)


def read_generation(folder: Path) -> Config:
    """The generation_config.json, which not every model has. Raises KnownError."""
    return _read(folder / GENERATION)


def describe_sampling(generation: Config) -> Metadata:
    """How the model's makers recommend to sample, as llama.cpp and Assay read it."""
    if not generation.flag("do_sample", False):
        return {}
    result = {}
    for key, (name, high) in _SAMPLING.items():
        if generation.has(key):
            result[f"general.sampling.{name}"] = f32(generation.number(key, 0.0, high))
    if generation.has("top_k"):
        result["general.sampling.top_k"] = integer(generation.integer("top_k", 0, 1 << 30))
    return result


def describe_details(folder: Path, settings: Config) -> Metadata:
    """Name, licence, templates and what else a card says.

    assay.json beside the model may hold "name", "license" and "template" (Assay's id of a vetted
    template, such as "starter"); name and licence are otherwise those of its README.md, and the
    name, where that has none, the folder's. Raises KnownError and OSError.
    """
    path = folder / DETAILS
    values = read_object(path, MAX_CONFIG) if path.exists() else {}
    unknown = values.keys() - {"name", "license", "template"}
    if unknown:
        raise KnownError(
            f'{DETAILS} has an entry "{min(unknown)[:40]}" that Assay does not know.',
            "It may hold name, license and template.",
        )
    details = Config(values, DETAILS)
    card = describe_card(folder)
    if details.is_set("license"):
        card = {key: value for key, value in card.items() if "license" not in key}
    wanted = {
        "general.type": "model",
        "general.name": details.text("name", ""),
        "general.license": details.text("license", ""),
        "assay.template": details.text("template", ""),
        "tokenizer.chat_template": _chat_template(folder, settings),
    }
    said = {key: text(value) for key, value in wanted.items() if value}
    return {"general.name": text(name_of(folder)), **card, **said}


def name_of(folder: Path) -> str:
    """The folder's name; what of it is no text is left out."""
    return os.fsencode(folder.resolve().name).decode(errors="ignore")


def _read(path: Path) -> Config:
    return Config(read_object(path, MAX_CONFIG) if path.exists() else {}, path.name)


def _chat_template(folder: Path, settings: Config) -> str:
    path = folder / TEMPLATE
    try:
        data = settings.template().encode()
        if path.exists():
            with open(path, "rb") as file:
                data = file.read(MAX_TEMPLATE + 1)
        template = data.decode()
    except OSError as error:
        raise known_os_error(f"read {TEMPLATE}", error) from error
    except UnicodeDecodeError as error:
        raise KnownError(
            f"{TEMPLATE} is not UTF-8 text.", "Get the model's folder again."
        ) from error
    if len(data) > MAX_TEMPLATE:
        raise KnownError("The model's chat template is too long.", "Remove it or shorten it.")
    return template

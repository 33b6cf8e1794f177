"""What a GGUF file says about the model besides its computation: name, licence, templates."""

from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.convert.config import MAX_CONFIG, Config
from quantize.jsonfile import read_object
from quantize.writer import Metadata, text

DETAILS = "assay.json"
SETTINGS = "tokenizer_config.json"
TEMPLATE = "chat_template.jinja"
MAX_TEMPLATE = 256 << 10  # bytes; Assay's reader accepts no more


def read_settings(folder: Path) -> Config:
    """The tokenizer_config.json, which not every model has. Raises KnownError."""
    path = folder / SETTINGS
    return Config(read_object(path, MAX_CONFIG) if path.exists() else {})


def describe_details(folder: Path, settings: Config) -> Metadata:
    """Name, licence and templates.

    assay.json beside the model may hold "name", "license" and "template" (Assay's id of a vetted
    template, such as "starter"); the name is otherwise the folder's. Raises KnownError.
    """
    path = folder / DETAILS
    values = read_object(path, MAX_CONFIG) if path.exists() else {}
    unknown = values.keys() - {"name", "license", "template"}
    if unknown:
        raise KnownError(
            f'{DETAILS} has an entry "{min(unknown)[:40]}" that Assay does not know.',
            "It may hold name, license and template.",
        )
    details = Config(values)
    wanted = {
        "general.type": "model",
        "general.name": details.text("name", folder.resolve().name),
        "general.license": details.text("license", ""),
        "assay.template": details.text("template", ""),
        "tokenizer.chat_template": _chat_template(folder, settings),
    }
    return {key: text(value) for key, value in wanted.items() if value}


def _chat_template(folder: Path, settings: Config) -> str:
    path = folder / TEMPLATE
    try:
        data = path.read_bytes() if path.exists() else settings.template().encode()
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

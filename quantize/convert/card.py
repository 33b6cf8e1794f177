"""What a model's card (README.md) says about it, under the names convert_hf_to_gguf.py gives it.

https://huggingface.co/docs/hub/model-cards lists the keys of cards.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.model.card import LARGEST, Value, read_card
from quantize.convert.folder import CARD
from quantize.writer import Metadata, text, texts, u32

# Names in the file, after "general.", which cards have as such or after "model_".
_TEXTS = {
    **{name: name for name in ("name", "author", "version", "organization", "description")},
    **{name: name for name in ("finetune", "basename", "size_label")},
    **{f"source.{name}": name for name in ("url", "doi", "uuid", "repo_url")},
}
_FURTHER = {"author": "model_creator", "basename": "model_type"}
_LISTS: dict[str, tuple[str, ...]] = {  # joined
    "tags": ("tags", "pipeline_tag"),
    "languages": ("languages", "language"),
}
_SOURCES = {
    "base_model": ("base_model", "base_models", "base_model_sources"),
    "dataset": ("datasets", "dataset", "dataset_sources"),
}
_HUB = "https://huggingface.co/"
_ON_HUB = re.compile(r"https?://huggingface\.co/([^/]+/[^/]+)")
_VERSION = re.compile(r"(v|iter)?\d+([.]\d+)*", re.IGNORECASE)
_NUMBERED = re.compile(r"v\d+(?:\.\d+)*|\d.*")
_SIZE = re.compile(r"(A|\d+x)?\d+([._]\d+)?[KMBT]\d?", re.IGNORECASE)
_SIZE_WORD = re.compile(r"small|mini|medium|large|x?xl", re.IGNORECASE)
_TUNED = re.compile(r"chat|instruct|vision|lora", re.IGNORECASE)
_STORED = re.compile(r"i?q\d(_\w)*|b?fp?(16|32)", re.IGNORECASE)


def describe_card(folder: Path) -> Metadata:
    """The card of a model's folder as metadata; {} if there is none. Raises OSError."""
    path = folder / CARD
    if not path.exists():
        return {}
    with open(path, "rb") as file:
        card = read_card(file.read(LARGEST))
    found: dict[str, Value | None] = {}
    for name, key in _TEXTS.items():
        found[name] = _first(card, (key, f"model_{key}", _FURTHER.get(key, "")))
    found |= {"license.name": card.get("license_name"), "license.link": card.get("license_link")}
    said = {name: text(value) for name, value in found.items() if isinstance(value, str)}
    if licences := _all(card.get("license", ())):
        said["license"] = text(",".join(licences))
    for name, keys in _LISTS.items():
        if values := [one for key in keys for one in _all(card.get(key, ()))]:
            said[name] = texts(values)
    for name, keys in _SOURCES.items():
        sources = _all(_first(card, keys))
        if sources:
            said[f"{name}.count"] = u32(len(sources))
        for number, source in enumerate(sources):
            for part, word in _described(source):
                said[f"{name}.{number}.{part}"] = text(word)
    return {f"general.{name}": value for name, value in said.items()}


def _first(card: Mapping[str, Value], keys: tuple[str, ...]) -> Value:
    return next((card[key] for key in keys if key in card), ())


def _all(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _described(source: str) -> Iterator[tuple[str, str]]:
    """What the name or address of a model or data set tells."""
    address = source
    if source.startswith(("http://", "https://", "ssh://")):
        match = _ON_HUB.fullmatch(source)
        source = match[1] if match else ""
    else:
        address = _HUB + source if "/" in source and " " not in source else ""
    maker, slash, name = source.partition("/")
    if not slash or " " in source:
        maker, name = "", source
    if maker.startswith("."):
        maker = address = ""
    version = _version(name) if " " not in name else ""
    said = {"name": _title(name), "organization": _title(maker), "version": version}
    yield from ((part, word) for part, word in {**said, "repo_url": address}.items() if word)


def _title(name: str) -> str:
    """ "llama-2-chat v1" → "Llama 2 Chat v1"."""
    words = name.replace("-", " ").split()
    plain = (word.islower() and not _NUMBERED.fullmatch(word) for word in words)
    return " ".join(
        word.title() if lower else word for word, lower in zip(words, plain, strict=True)
    )


def _version(name: str) -> str:
    """The versions in a model's name that are not part of its first words ("gemma-2-9b")."""
    parts = [part for part in name.split("-") if part]
    sized = any(_SIZE.fullmatch(part) for part in parts[1:])

    def known(at: int, part: str) -> bool:
        size = _SIZE.fullmatch(part) or (_SIZE_WORD.fullmatch(part) and not sized)
        return bool(_STORED.fullmatch(part) or (at and (size or _TUNED.fullmatch(part))))

    versions = [bool(_VERSION.fullmatch(part)) for part in parts]
    begin = 0  # how many of the first words name the model
    while begin < len(parts) and (
        versions[begin] or (not known(begin, parts[begin]) and parts[begin][0].isalpha())
    ):
        begin += 1
    if begin == len(parts):
        while begin and versions[begin - 1]:
            begin -= 1
    return "-".join(parts[at] for at in range(begin, len(parts)) if versions[at])

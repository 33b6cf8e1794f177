"""Seeded damage to a small model folder and its adapter: what hostile.py gives to `convert`."""

import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.quantize.hostile_json import HUGE, TEXTS, encode, hardly_json, odd, spoil

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
LORA, LORA_CONFIG = "adapter_model.safetensors", "adapter_config.json"
OUTSIDE = "outside"  # a folder beside the model's that nothing may read from or write to
SPECIALS = (float("nan"), float("inf"), float("-inf"), 3.4e38, 1e-40, 7e4)
DTYPES = ("F64", "F8_E4M3", "I8", "U64", "BOOL", "BF16", "F16", "", "f32", [], {}, None, 7, "\0")


@dataclass
class Case:
    """Files of a model's folder and an adapter's, links and other things in the former, and how
    to convert them."""

    files: dict[str, bytes]
    adapter: dict[str, bytes]
    links: dict[str, str] = field(default_factory=dict)
    pipes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    kind: str | None = None
    merge: bool = False
    target: str = "out.gguf"
    done: list[str] = field(default_factory=list)

    def place(self, folder: Path) -> None:
        """Lay the case out as folder/model, folder/adapter, folder/outside and folder/out."""
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("model", "adapter", OUTSIDE, "out/taken"):
            (folder / name).mkdir(parents=True)
        (folder / OUTSIDE / "secret.json").write_text('{"secret": 1}')
        (folder / OUTSIDE / WEIGHTS).write_bytes(self.files.get(WEIGHTS, b""))
        (folder / "out" / "old.gguf").write_bytes(b"old")
        for part, files in (("model", self.files), ("adapter", self.adapter)):
            for name, data in files.items():
                (folder / part / name).write_bytes(data)
        for name in {*self.links, *self.pipes, *self.folders}:
            path = folder / "model" / name
            path.unlink(missing_ok=True)
            if name in self.links:
                path.symlink_to(self.links[name])
            elif name in self.pipes:
                os.mkfifo(path)
            else:
                path.mkdir()


def read_folder(folder: Path) -> dict[str, bytes]:
    """A folder's files."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def damaged(models: list[dict[str, bytes]], adapter: dict[str, bytes], dice: random.Random) -> Case:
    """One case: a good model, changed in one to three ways."""
    case = Case(dict(dice.choice(models)), dict(adapter))
    case.kind = dice.choice((None, None, "F16", "F32", "BF16", "Q8_0"))
    case.merge = dice.random() < 0.25
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        way = dice.choice(WAYS)
        way(case, dice)
        case.done.append(way.__name__.strip("_"))
    return case


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def _join(header: bytes, data: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def _pick(case: Case, dice: random.Random) -> tuple[dict[str, bytes], str]:
    """A file of weights: the model's or, where one is used, the adapter's."""
    if case.merge and dice.random() < 0.5:
        return case.adapter, LORA
    names = [name for name in case.files if name.endswith(".safetensors")]
    return (case.files, dice.choice(names)) if names else (case.adapter, LORA)


def _header_value(case: Case, dice: random.Random) -> None:
    files, name = _pick(case, dice)
    with_header(files, name, lambda entries: _spoil_entry(entries, dice))


def with_header(
    files: dict[str, bytes], name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    """Change a safetensors file's description; one that is none already stays."""
    try:
        entries, data = _split(files[name])
    except (ValueError, KeyError, RecursionError):
        return
    if isinstance(entries, dict):
        change(entries)
        files[name] = _join(encode(entries), data)


def _spoil_entry(entries: dict[str, Any], dice: random.Random) -> None:
    names = [
        name for name, entry in entries.items() if isinstance(entry, dict) and "dtype" in entry
    ]
    if not names:
        return
    name = dice.choice(names)
    entry = entries[name]
    start, end = entry["data_offsets"] if len(entry.get("data_offsets") or ()) == 2 else (0, 0)
    shape = list(entry.get("shape") or ())
    match dice.randrange(12):
        case 0:
            entry["dtype"] = dice.choice(DTYPES)
        case 1:
            entry["shape"] = [dice.choice((-1, 0, 1, True, 1.5, None, *HUGE)) for _ in range(2)]
        case 2:
            entry["shape"] = [dice.choice((1, 2, (1 << 48) - 1))] * dice.choice(
                (9, 10_000, 400_000)
            )
        case 3:
            entry["shape"] = [*shape, 1] if dice.random() < 0.5 else shape[::-1]
        case 4:
            entry["data_offsets"] = [end, start]
        case 5:
            step = dice.choice((-4, 4, 1, *HUGE))
            entry["data_offsets"] = [start + step, end + step]
        case 6:
            entry["data_offsets"] = dice.choice(([start], [start, end, end], "0", [0.0, 4.0], {}))
        case 7:
            entry["data_offsets"] = [0, end - start]
        case 8:
            entries[dice.choice(TEXTS)] = entries.pop(name)
        case 9:
            del entries[name]
        case 10:
            entries[dice.choice((*TEXTS, "__metadata__", "model.extra.weight"))] = dict(entry)
        case _:
            spoil(entries, dice)


def _header_text(case: Case, dice: random.Random) -> None:
    files, name = _pick(case, dice)
    data = files[name]
    length = int.from_bytes(data[:8], "little")
    good = data[8 : 8 + length] or b"{}"
    match dice.randrange(5):
        case 0:
            files[name] = struct.pack("<q", dice.choice((-1, 0, 7, 1 << 24, 1 << 62))) + data[8:]
        case 1:
            files[name] = _join(hardly_json(good, dice), data[8 + length :])
        case 2:
            entry = b'"x%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'
            more = b"".join(entry % index for index in range(dice.choice((10, 40_000, 400_000))))
            files[name] = _join(b"{" + more + good[1:], data[8 + length :])
        case 3:
            files[name] = _join(good + b" " * dice.choice((1, 20 << 20)), data[8 + length :])
        case _:
            spot = dice.randrange(min(len(data), 8 + length))
            files[name] = data[:spot] + bytes([dice.randrange(256)]) + data[spot + 1 :]


def _cut(case: Case, dice: random.Random) -> None:
    files, name = _pick(case, dice)
    data = files[name]
    more = (
        data + b"\0",
        data + data[:100],
        data[: dice.randrange(len(data))] if data else b"",
        b"",
    )
    files[name] = dice.choice(more)


def _numbers(case: Case, dice: random.Random) -> None:
    """Values that are no numbers, or hardly."""
    files, name = _pick(case, dice)
    data = bytearray(files[name])
    start = 8 + int.from_bytes(data[:8], "little")
    for _ in range(dice.choice((1, 1, 9))):
        if len(data) >= start + 8:
            spot = start + dice.randrange((len(data) - start) // 4) * 4
            data[spot : spot + 4] = struct.pack("<f", dice.choice(SPECIALS))[: len(data) - spot]
    files[name] = bytes(data)


def _shards(case: Case, dice: random.Random) -> None:
    """The model in two files with an index, and something wrong with them."""
    try:
        entries, data = _split(case.files.pop(WEIGHTS))
        names = [name for name in entries if name != "__metadata__"]
        offsets = (entries[name]["data_offsets"] for name in names)
        spans = [(int(first), int(last)) for first, last in offsets]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    half, places = len(names) // 2, {}
    for number, part in enumerate((names[:half], names[half:]), 1):
        shard, header, body = f"model-{number}.safetensors", {}, b""
        for name in part:
            first, last = spans[names.index(name)]
            header[name] = entries[name] | {"data_offsets": [len(body), len(body) + last - first]}
            body += data[first:last]
            places[name] = shard
        case.files[shard] = _join(encode(header), body)
    _spoil_places(case, places, dice)
    case.files[INDEX] = encode({"metadata": {"total_size": 1}, "weight_map": places})


def _spoil_places(case: Case, places: dict[str, Any], dice: random.Random) -> None:
    name, shard = dice.choice(list(places)), "model-2.safetensors"
    match dice.randrange(10):
        case 0:
            del case.files[shard]
        case 1:
            case.files[shard] = case.files[shard][: dice.randrange(len(case.files[shard]))]
        case 2:
            odd_names = ("../outside/model.safetensors", "/etc/x.safetensors", "..", ".safetensors")
            places[name] = dice.choice((*odd_names, "a\0.safetensors", "\ud800.safetensors"))
        case 3:
            places[name] = odd(dice)
        case 4:
            del places[name]
        case 5:
            places[dice.choice(TEXTS)] = shard
        case 6:
            del case.files[shard]
            case.links[shard] = dice.choice((f"../{OUTSIDE}/{WEIGHTS}", shard, "/dev/zero", "no"))
        case 7:
            case.pipes.append(shard)
        case 8:
            case.files[shard] = case.files["model-1.safetensors"]
        case _:
            case.files[WEIGHTS] = b""


def _json(case: Case, dice: random.Random) -> None:
    files = case.adapter if case.merge and dice.random() < 0.3 else case.files
    name = dice.choice([name for name in files if name.endswith(".json")])
    try:
        value = json.loads(files[name])
    except (ValueError, RecursionError):
        return
    files[name] = encode(spoil(value, dice, dice.choice((1, 1, 2, 5))))


def _config(case: Case, dice: random.Random) -> None:
    _edit(case.files, "config.json", lambda it: it.update({dice.choice(list(it)): odd(dice)}))


def _tokenizer(case: Case, dice: random.Random) -> None:
    def change(it: dict[str, Any]) -> None:
        key = dice.choice(list(it))
        if dice.random() < 0.5:
            it[key] = odd(dice)
        elif key == "model" and isinstance(it.get(key), dict):
            words = it[key].get("vocab")
            if isinstance(words, dict) and words:
                words[dice.choice(TEXTS)] = words.pop(dice.choice(list(words)))
            it[key][dice.choice(list(it[key]))] = spoil(it[key], dice)
        else:
            it[key] = spoil(it[key], dice)

    _edit(case.files, "tokenizer.json", change)


def _edit(files: dict[str, bytes], name: str, change: Callable[[dict[str, Any]], None]) -> None:
    try:
        value = json.loads(files.get(name, b""))
        change(value)
        files[name] = encode(value)
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError):
        pass  # damaged already


def _not_json(case: Case, dice: random.Random) -> None:
    files = case.adapter if case.merge and dice.random() < 0.3 else case.files
    name = dice.choice([name for name in files if name.endswith(".json")])
    files[name] = hardly_json(files[name] or b"{}", dice)


def _extra(case: Case, dice: random.Random) -> None:
    """Files and things that not every folder has."""
    kinds = ("config.json", "tokenizer.json", "tokenizer_config.json", "assay.json")
    name = dice.choice((*kinds, "generation_config.json", "chat_template.jinja", WEIGHTS, INDEX))
    match dice.randrange(6):
        case 0:
            case.files.pop(name, None)
        case 1:
            to = dice.choice((f"../{OUTSIDE}/secret.json", "/etc/passwd", name, "/dev/zero", ".."))
            case.links[name] = to
        case 2:
            case.pipes.append(name)
        case 3:
            case.folders.append(name)
        case 4:
            case.files["chat_template.jinja"] = dice.choice((b"\xff", b"x" * (1 << 20), b""))
        case _:
            case.files["assay.json"] = encode({dice.choice(("name", "license")): odd(dice)})


def _target(case: Case, dice: random.Random) -> None:
    case.target = dice.choice(("old.gguf", "taken", "no/out.gguf", "a" * 300, "x\n.gguf"))


WAYS = (
    _header_value, _header_value, _header_text, _cut, _numbers, _shards, _json, _json, _config,
    _config, _tokenizer, _tokenizer, _not_json, _extra, _target,
)  # fmt: skip

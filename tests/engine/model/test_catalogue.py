"""The catalogue of models: ours, the user's, and how each model is to be sampled from."""

import json
from pathlib import Path

import pytest

from engine.model.catalogue import USUAL_CONTEXT, catalogue, with_own
from engine.model.catalogue_file import SHA256, CatalogueEntry
from engine.model.download.hub_file import Place
from engine.model.fit.memory import memory_needed
from engine.model.gguf.header import GgufHeader

OURS = {entry.id: entry for entry in catalogue()}


def header(name: str, architecture: str = "qwen3", **more: object) -> GgufHeader:
    metadata: dict[str, object] = {"general.architecture": architecture, "general.name": name}
    return GgufHeader(3, metadata | more, (), 0)


def test_what_there_is() -> None:
    assert list(OURS) == [
        "starter",
        "dmind-2-4b",
        "qwen3-0.6b",
        "qwen3-1.7b",
        "qwen3-4b",
        "qwen3-4b-instruct-2507",
        "qwen3-4b-thinking-2507",
        "qwen3-8b",
        "smollm3-3b",
        "granite-4.0-micro",
        "llama-3.2-3b-instruct",
    ]
    assert [entry.id for entry in OURS.values() if not entry.can_be_fetched] == [
        "starter",
        "dmind-2-4b",
    ]


@pytest.mark.parametrize("entry", OURS.values(), ids=OURS)
def test_every_entry_is_whole(entry: CatalogueEntry) -> None:
    assert not entry.own
    assert entry.licence
    assert entry.note.endswith(".")
    assert entry.memory > 0
    assert entry.thinking or entry.direct
    if entry.can_be_fetched:
        # One exact file of one exact commit.
        assert len(Place(str(entry.repo), str(entry.file), entry.revision).revision) == 40
        assert SHA256.fullmatch(entry.sha256 or "")
        assert entry.page == f"https://huggingface.co/{entry.repo}"
        assert entry.size is not None
        assert 1.1 * entry.size < entry.memory < 2.2 * entry.size


def test_no_two_entries_are_the_same_file() -> None:
    sums = [entry.sha256 for entry in OURS.values() if entry.sha256]
    assert len(set(sums)) == len(sums)


@pytest.mark.parametrize(
    ("id", "parameters"),
    [
        # Millions without and with the output layer, by the makers' model cards.
        ("qwen3-0.6b", (596, 752)),
        ("qwen3-1.7b", (1720, 2032)),
        ("qwen3-4b", (4022, 4412)),
        ("qwen3-8b", (7568, 8191)),
        ("smollm3-3b", (3075, 3075)),
        ("granite-4.0-micro", (3402, 3402)),
        ("llama-3.2-3b-instruct", (3213, 3213)),
    ],
)
def test_the_shapes_have_as_many_parameters_as_the_models(
    id: str, parameters: tuple[int, int]
) -> None:
    shape, vocab = OURS[id].shape, {"qwen3": 151_936, "granite": 100_352}
    width = shape["embedding_length"]
    heads = shape["attention.head_count"] * shape["attention.key_length"]
    kv = shape["attention.head_count_kv"] * shape["attention.key_length"]
    layer = 2 * width * heads + 2 * width * kv + 3 * width * shape["feed_forward_length"]
    embedding = width * vocab.get(OURS[id].architecture, 128_256)
    count = (layer * shape["block_count"] + embedding) / 1e6
    assert parameters[0] * 0.995 < count < parameters[1] * 1.005


def test_memory_is_that_of_the_real_header() -> None:
    # Qwen3 4B: 36 layers, 8 KV heads of 128, f16: 144 KiB a token, 576 MiB for 4,096.
    entry = OURS["qwen3-4b"]
    assert entry.size is not None
    kv = USUAL_CONTEXT * 36 * 8 * 256 * 2
    assert kv == 576 << 20
    assert entry.memory > entry.size + kv
    facts = {f"qwen3.{key}": value for key, value in entry.shape.items()}
    alone = memory_needed(header("x", **facts), USUAL_CONTEXT).total
    assert abs(entry.memory - alone - entry.size) < 64 << 20
    assert abs(OURS["dmind-2-4b"].memory - OURS["qwen3-4b-thinking-2507"].memory) < 400_000_000


def own(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(rows))
    return path


MINE = {"id": "mine", "name": "Mine", "repo": "a/b", "file": "mine.gguf", "note": "Good."}


def test_own_entries_come_last(tmp_path: Path) -> None:
    entries, refused = with_own(own(tmp_path, MINE | {"size": 10**9}))
    assert refused == ()
    assert entries[:-1] == catalogue()
    mine = entries[-1]
    assert (mine.own, mine.revision, mine.pinned, mine.licence) == (
        True,
        "main",
        False,
        "not stated",
    )
    assert mine.memory == 1_500_000_000


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "../x"}, "its id"),
        ({"id": None}, "no id"),
        ({"id": "qwen3-4b"}, "Assay has one of that id"),
        ({"name": "a\nb"}, "its name"),
        ({"name": ""}, "no name"),
        ({"repo": "a"}, "its repo"),
        ({"repo": "a/../b"}, "its repo"),
        ({"file": "../../x.gguf"}, "its file"),
        ({"file": "x.exe"}, "does not end in .gguf"),
        ({"file": 5}, "its file"),
        ({"sha256": "abc"}, "its sha256"),
        ({"size": -1}, "its size"),
        ({"size": True}, "its size"),
        ({"size": 1.5}, "its size"),
        ({"shape": {"block_count": 5}}, "its shape"),
        ({"shape": [1]}, "its shape"),
        ({"direct": {"temperature": "hot"}}, "its temperature"),
        ({"direct": {"temperature": 9}}, "its temperature"),
        ({"direct": {"top_k": 1.5}}, "top_k"),
        ({"direct": {"heat": 1}}, "sampling for direct"),
        ({"note": "x" * 1000}, "its note"),
        ({"colour": "red"}, "unknown field"),
    ],
)
def test_a_bad_entry_is_left_out_with_a_sentence(
    change: dict[str, object], why: str, tmp_path: Path
) -> None:
    entries, refused = with_own(own(tmp_path, MINE | change, MINE | {"id": "good"}))
    assert [entry.id for entry in entries if entry.own] == ["good"]
    (sentence,) = refused
    assert why in sentence
    assert sentence.endswith(".")


def test_two_of_one_id(tmp_path: Path) -> None:
    entries, refused = with_own(own(tmp_path, MINE, MINE, "what"))
    assert [entry.id for entry in entries if entry.own] == ["mine"]
    assert len(refused) == 2


@pytest.mark.parametrize(
    "text", ["", "{}", "[", "[1" * 50_000, "null", "[" + "0," * 600 + "0]", " " * (1 << 21)]
)
def test_a_file_that_is_no_catalogue_breaks_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(text)
    entries, refused = with_own(path)
    assert entries == catalogue()
    assert len(refused) == 1


def test_what_cannot_be_read_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").mkdir()
    entries, refused = with_own(tmp_path / "catalogue.json")
    assert entries == catalogue()
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("name", "architecture", "thinking", "expected"),
    [
        ("Qwen3 4B", "qwen3", True, (0.6, 20, 0.95)),
        ("Qwen3-4B", "qwen3", None, (0.6, 20, 0.95)),
        ("Qwen3 4B", "qwen3", False, (0.7, 20, 0.8)),
        ("Qwen3-4B-Instruct-2507", "qwen3", True, (0.7, 20, 0.8)),
        ("Qwen3 4B Thinking 2507", "qwen3", False, (0.6, 20, 0.95)),
        ("DMind 2 4B", "qwen3", None, (0.6, 20, 0.95)),
        ("Qwen3 14B", "qwen3", False, (0.7, 20, 0.8)),
        ("Llama 3.2 3B Instruct", "llama", None, (0.6, 50, 0.9)),
        ("SmolLM3 3B", "smollm3", True, (0.6, 50, 0.95)),
        ("Granite 4.0 Micro", "granite", None, (0.0, 1, 1.0)),
        ("Somebody", "mistral", None, (0.7, 40, 0.95)),
    ],
)
def test_how_to_sample(
    name: str, architecture: str, thinking: bool | None, expected: tuple[float, int, float]
) -> None:
    settings = pytest.importorskip("engine.model.chat") and settings_of
    found = settings(header(name, architecture), thinking)
    assert found[:3] == expected


def settings_of(one: GgufHeader, thinking: bool | None = None, name: str = "") -> tuple[float, ...]:
    from engine.model.catalogue import settings_for

    found = settings_for(one, name, thinking)
    assert (found.presence_penalty, found.repeat_penalty, found.seed) == (0.0, 1.0, None)
    return found.temperature, found.top_k, found.top_p, found.min_p


def test_a_file_without_a_name_is_known_by_what_it_is_called() -> None:
    pytest.importorskip("engine.model.chat")
    found = settings_of(header("", "llama"), None, "Llama-3.2-3B-Instruct-Q4_K_M")
    assert found == (0.6, 50, 0.9, 0.0)


def test_a_file_may_say_it_itself() -> None:
    pytest.importorskip("engine.model.chat")
    said: dict[str, object] = {"general.sampling.temp": 0.3, "general.sampling.top_k": 10}
    assert settings_of(header("Own", "mistral", **said)) == (0.3, 10, 0.95, 0.0)
    for wrong in ("hot", -1, 99, True, float("nan")):
        one = header("Own", "mistral", **said | {"general.sampling.temp": wrong})
        assert settings_of(one) == (0.7, 40, 0.95, 0.05)

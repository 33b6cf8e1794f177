"""What is told of a build before it begins, against what `assay-quantize` then makes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.builds import checkpoint as module
from engine.builds.checkpoint import CONVERTIBLE, licence_of, shards_of
from engine.builds.facts import Facts
from engine.builds.source import local_facts, named_source
from engine.builds.target import BITS, Aim, parse_target
from engine.core.builds import BuildSource
from engine.core.errors import KnownError
from engine.service.build_look import Looked, look_of
from engine.service.model_fit import Memory
from quantize.convert import FAMILIES
from quantize.probes import plan
from quantize.types import IMPORTANCE_TYPES, TYPES
from tests.engine.builds.building import CONFIG, STARTER, checkpoint
from tests.engine.service.tiny import make_gguf, write_tiny_model

GB = 10**9


def facts(place: Path) -> Facts:
    return local_facts(*named_source(str(place), lambda name: None))


def test_the_program_and_the_application_know_the_same_types_and_kinds() -> None:
    assert set(BITS) == {*TYPES, *IMPORTANCE_TYPES}
    assert set(CONVERTIBLE) == set(FAMILIES)


def test_the_starters_sizes_are_foreseen() -> None:
    found = facts(STARTER)
    assert found.source.architecture == "qwen3"
    assert found.source.parameters == pytest.approx(8_394_752, rel=0.002)
    assert found.full == pytest.approx(17_080_320, rel=0.01)
    # As measured, docs/quantize.md.
    for target, size in {"Q8_0": 9.2e6, "Q6_K": 7.2e6, "Q4_K_M": 5.8e6}.items():
        assert found.size(parse_target(target)) == pytest.approx(size, rel=0.01)
    assert found.size(parse_target("Q4_0")) == pytest.approx(5_574_656, rel=0.01)
    assert found.size(parse_target("3MB")) == 3_000_000
    assert found.memory_building(Aim("Q8_0")) > found.full + 9e6
    assert found.disk(Aim("Q8_0"), made=True) == found.full + found.size(Aim("Q8_0"))


@pytest.mark.parametrize(
    ("text", "aim"),
    [
        ("q4_k_m", Aim("Q4_K_M")),
        ("4.5bpw", Aim(bits=4.5)),
        ("4 BPW", Aim(bits=4.0)),
        ("2.4GiB", Aim(size=int(2.4 * (1 << 30)))),
        ("900 MB", Aim(size=900_000_000)),
    ],
)
def test_aims_are_read(text: str, aim: Aim) -> None:
    assert parse_target(text) == aim
    assert aim.is_search == (not aim.type)


@pytest.mark.parametrize("text", ["", "Q4", "F16", "bpw", "17bpw", "0.1bpw", "5", "0GB", "1e9GB"])
def test_what_is_no_aim_is_said(text: str) -> None:
    with pytest.raises(KnownError):
        parse_target(text)


@pytest.mark.parametrize(
    ("parameters", "free", "total", "best"),
    [
        (8_000_000_000, 32, 64, "Q4_K_M"),
        (8_000_000_000, 6.4, 64, "IQ4_XS"),
        (8_000_000_000, 2, 64, ""),
        (600_000_000, 32, 64, "4.8bpw"),
    ],
)
def test_what_fits_is_recommended(
    parameters: int, free: float, total: float, best: str, tmp_path: Path
) -> None:
    shape = {"block_count": 32, "embedding_length": 4096, "attention.head_count": 32}
    shape |= {"attention.head_count_kv": 8, "feed_forward_length": 12288}
    source = BuildSource("folder", "/x", "X", "qwen3", parameters, 2 * parameters, "", "")
    found = Facts(source, 2, 300_000_000, 5_000_000, shape)
    memory = Memory(int(free * GB), int(total * GB))
    look = look_of(Looked(found, "/x", ()), memory, tmp_path)
    assert [one.target for one in look.choices if one.recommended] == ([best] if best else [])
    sizes = [one.size for one in look.choices]
    assert sizes == sorted(sizes, reverse=True)
    assert look.memory > 2 * parameters
    assert ("Memory is tight" in look.notice) == (look.memory > memory.free)


def test_sources_by_their_names(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "Some model")
    source, path = named_source(str(folder), lambda name: None)
    assert (source.kind, source.name, path) == ("folder", "Some model", str(folder))
    found = local_facts(source, path)
    assert (found.source.licence, found.source.version) == ("apache-2.0", "")
    source, path = named_source("sft-1", {"sft-1": folder}.get)
    assert (source.kind, source.place, path) == ("run", "sft-1", str(folder))
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: own-1\n---\n")
    assert local_facts(source, path).source.licence == "own-1"
    for text in ("Qwen/Qwen3-4B", "Qwen/Qwen3-4B@main", "a/b@refs/pr/3"):
        assert named_source(text, lambda name: None)[0].kind == "hub"
    for text in (
        "",
        "x",
        "a/b/c",
        "../b",
        "a/..",
        "a/b@",
        str(tmp_path / "none"),
        "~/none",
        "a b/c",
    ):
        with pytest.raises(KnownError, match="There is no model"):
            named_source(text, lambda name: None)


def test_a_gguf_file_in_full_precision_is_a_source(tmp_path: Path) -> None:
    full = write_tiny_model(tmp_path / "tiny.gguf")  # in F32
    found = facts(full)
    size = full.stat().st_size
    assert (found.source.kind, found.source.name, found.source.bytes) == ("file", "Tiny", size)
    assert found.full == pytest.approx(size, rel=0.001)
    assert found.outside == 400 * 64 + 64  # the embeddings, tied, and the last norm
    maker = make_gguf()
    plain, own = maker.metadata, {"general.license": "other", "general.license.name": "own-1"}
    maker.metadata = lambda *given: plain(*given) | own  # type: ignore[attr-defined]
    maker.write_model(tmp_path / "own.gguf", maker.TINY, "Own")
    assert facts(tmp_path / "own.gguf").source.licence == "own-1"
    quantized = tmp_path / "quantized.gguf"
    maker.write_model(quantized, replace(maker.TINY, type="Q4_0"), "Quantized")
    with pytest.raises(KnownError, match="quantized already"):
        facts(quantized)
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(KnownError, match="no GGUF file"):
        facts(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"architectures": ["GPT2LMHeadModel"]}, "cannot convert"),
        ({"architectures": 5}, "cannot convert"),
        ({"quantization_config": {}}, "quantized already"),
    ],
)
def test_what_cannot_be_converted_is_said(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    folder = checkpoint(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changed}))
    with pytest.raises(KnownError, match=said):
        facts(folder)


def test_incomplete_folders_are_said(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(KnownError, match="Others can run code"):
        facts(folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "x.safetensors"}}')
    with pytest.raises(KnownError, match=r"has no x\.safetensors"):
        facts(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(KnownError, match=r"there is no tokenizer\.json"):
        facts(folder)


@pytest.mark.parametrize(
    "name", ["../x.safetensors", "a/x.safetensors", "x.bin", ".safetensors", "a..safetensors", "\0"]
)
def test_an_index_names_files_beside_it_only(name: str) -> None:
    with pytest.raises(KnownError, match="names a file"):
        shards_of(json.dumps({"weight_map": {"a": name}}).encode())


def test_licences_are_read_from_the_head_of_a_card() -> None:
    assert licence_of(b"---\nlicense: mit\ntags:\n- x\n---\nlicense: gpl\n") == "mit"
    assert licence_of(b"---\nlicense: 'cc-by-4.0'\n---") == "cc-by-4.0"
    assert licence_of(b"---\nlicense:\n- mit\n---") == "mit"
    assert licence_of(b"---\nlicense: [mit]\n---") == "mit"
    assert licence_of(b"---\nlicense: mit # of the weights\n---") == "mit"
    assert licence_of(b"---\r\nlicense: mit\r\n---\r\n") == "mit"
    assert licence_of(b"---\nbase_model: a---b\nlicense: mit\n---\n") == "mit"
    assert licence_of(b"---\nlicense: other\nlicense_name: tongyi\n---\n") == "tongyi"
    assert licence_of(b"---\nlicense: other\n---\n") == "other"
    assert licence_of("\ufeff---\nlicense: mit\n---\n".encode()) == "mit"
    assert licence_of(b"---\nlicense:\n- mit\n- x\n---") == "mit, x"
    assert licence_of(b"---\nlicense: other\nlicense_name: own-1\n---") == "own-1"
    assert licence_of(b"---\nlicense: &a |\n  mit\n---") == ""
    assert licence_of(b"license: mit") == ""
    assert licence_of(b"", b'{"license": "Apache-2.0"}') == "Apache-2.0"
    assert module.CONFIG == "config.json"


def test_a_size_beyond_all_bounds() -> None:
    for text in ("9" * 400 + "GB", "9" * 400 + "bpw"):
        with pytest.raises(KnownError):
            parse_target(text)
    facts = Facts(BuildSource("file", "x", "X", "qwen3", 1000, 2000, "", ""), 2, 0, 50, {})
    assert facts.size(Aim(size=10**12)) == facts.full == 2050


@pytest.mark.parametrize(("kind", "weights"), [("F32", 12_500), ("BF16", 25_000)])
@pytest.mark.parametrize("said", ["float32", "bfloat16", None])
def test_the_weights_themselves_say_how_many_they_are(
    kind: str, weights: int, said: str | None, tmp_path: Path
) -> None:
    folder = checkpoint(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps({**CONFIG, "torch_dtype": said}))
    entry = {"dtype": kind, "shape": [weights], "data_offsets": [0, 50_000]}
    head = json.dumps({"__metadata__": {"format": "pt"}, "w": entry}).encode()
    data = len(head).to_bytes(8, "little") + head + bytes(50_000)
    (folder / "model.safetensors").write_bytes(data)
    source, path = named_source(str(folder), lambda name: None)
    assert local_facts(source, path).source.parameters == pytest.approx(weights, rel=0.01)


@pytest.mark.parametrize(
    ("weights", "layers"), [(8_400_000, 8), (600_000_000, 28), (4 * 10**9, 36)]
)
def test_a_search_also_needs_room_for_the_answers_it_compares(weights: int, layers: int) -> None:
    words, shape = 151_936, {"block_count": layers, "embedding_length": 1024}
    source = BuildSource("hub", "x", "X", "qwen3", weights, 2 * weights, "", "")
    facts = Facts(source, 2, 0, 0, shape, words=words)
    kinds = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    names = [f"blk.{layer}.{kind}.weight" for layer in range(layers) for kind in kinds]
    tokens, _ = plan(["token_embd.weight", *names], weights)
    assert facts.search_tokens == tokens
    plain, searched = Aim("Q4_K_M"), Aim(bits=4.8)
    more = facts.memory_building(searched) - facts.size(searched)
    less = facts.memory_building(plain) - facts.size(plain)
    # In float32, after each window's first quarter.
    assert more - less == 4 * words * tokens * 3 // 4

"""What is still to be run, from what is written down and what is there."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.builds.files import Files
from engine.builds.plan import inputs_of, spare_files, to_run
from engine.builds.record import Made, Output, Record, read_record, write_record
from engine.builds.shelf import checked_name, key_of
from engine.builds.stages import Place, stages_of
from engine.core.builds import BuildOrder, BuildSource
from engine.core.errors import KnownError
from quantize import cli

SOURCE = BuildSource("folder", "/x", "X", "qwen3", 10, 20, "", "v1")


def record_of(folder: Path, kind: str = "folder", target: str = "Q4_K_M") -> Record:
    """A build whose stages are all done, each with a file that has its name as content."""
    source = replace(SOURCE, kind=kind)  # type: ignore[arg-type]
    record = Record(BuildOrder("X", "/x", target), source, "/x", {}, 0)
    for stage in stages_of(record.order, source):
        for name in stage.makes:
            (folder / name).write_text(name)
        made = Made(Files(folder).made(stage.makes), inputs_of(stage, record), {})
        record = record.with_made(stage.name, made)
    return record


def left(folder: Path, record: Record) -> list[str]:
    stages = stages_of(record.order, record.source)
    return [stage.name for stage in to_run(stages, record, Files(folder).same)]


@pytest.mark.parametrize(
    ("kind", "target", "names"),
    [
        ("hub", "Q4_K_M", "fetch convert calibrate quantize compare"),
        ("folder", "Q8_0", "convert quantize compare"),
        ("run", "4.5bpw", "convert calibrate search compare"),
        ("file", "2GiB", "calibrate search compare"),
        ("file", "Q8_0", "quantize compare"),
    ],
)
def test_the_stages_of_a_source_and_an_aim(
    kind: str, target: str, names: str, tmp_path: Path
) -> None:
    record = record_of(tmp_path, kind, target)
    assert [one.name for one in stages_of(record.order, record.source)] == names.split()
    assert left(tmp_path, record) == []
    assert left(tmp_path, replace(record, done={})) == names.split()


@pytest.mark.parametrize("kind", ["hub", "file"])
@pytest.mark.parametrize("target", ["Q4_K_M", "Q8_0", "4.5bpw", "2GiB"])
@pytest.mark.parametrize("weights", [8_400_000, 4_000_000_000])
def test_the_program_understands_its_commands(
    kind: str, target: str, weights: int, tmp_path: Path
) -> None:
    source = replace(SOURCE, kind=kind, parameters=weights)  # type: ignore[arg-type]
    order = BuildOrder("X", "/x", target, (Path("/a"), Path("/b")))
    place = Place(tmp_path, order, source, "/x")
    for stage in stages_of(order, source):
        if stage.command is not None:
            words = stage.command(place)
            options = cli._parser().parse_args([words[0], "--json", *words[1:]])
            assert options.json
            if stage.name in ("calibrate", "search"):
                assert options.text == [Path("/a"), Path("/b")]
            if stage.name in ("quantize", "search"):
                assert options.feedback == (weights < 10**8 and target != "Q8_0")


def test_what_is_missing_is_made_with_what_it_needs(tmp_path: Path) -> None:
    record = record_of(tmp_path)
    (tmp_path / "full.gguf").unlink()  # as after a build
    assert left(tmp_path, record) == []
    (tmp_path / "imatrix.gguf").unlink()
    assert left(tmp_path, record) == []
    (tmp_path / "report.html").unlink()
    assert left(tmp_path, record) == ["convert", "compare"]
    (tmp_path / "model.gguf").write_text("model.ggug")
    assert left(tmp_path, record) == ["convert", "calibrate", "quantize", "compare"]


def test_another_source_makes_all_of_it_stale(tmp_path: Path) -> None:
    record = record_of(tmp_path)
    other = replace(record, source=replace(record.source, version="v2"))
    assert left(tmp_path, other) == ["convert", "calibrate", "quantize", "compare"]
    # Where the conversion gives the same again, the rest holds.
    stage = stages_of(other.order, other.source)[0]
    again = replace(record.done["convert"], inputs=inputs_of(stage, other))
    assert left(tmp_path, other.with_made("convert", again)) == []


def test_what_nobody_reads_can_go(tmp_path: Path) -> None:
    record = record_of(tmp_path)
    stages = stages_of(record.order, record.source)
    assert spare_files(stages, (), record) == ["full.gguf"]
    assert spare_files(stages, stages[3:], record) == []
    hub = replace(record, source=replace(SOURCE, kind="hub"))
    files = {"source/config.json": Output(1, "0")}
    hub = hub.with_made("fetch", Made(files, {}, {}))
    stages = stages_of(hub.order, hub.source)
    assert spare_files(stages, stages[2:], hub) == ["source/config.json"]
    assert spare_files(stages, stages[1:], hub) == []


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = replace(
        record_of(tmp_path),
        order=BuildOrder("X", "/x", "4.5bpw", (Path("/a"), Path("/b"))),
        stamps={"a": (1, 2)},
        fetched={"b": Output(3, "c")},
        fetch=("b",),
        runner=(5, "then"),
        model=7,
    )
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record


@pytest.mark.parametrize("text", ["", "{}", "[]", "5", '{"format": "assay build 1"}', "[" * 99_999])
def test_a_record_that_is_none_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "build.json").write_text(text)
    with pytest.raises(KnownError, match="cannot be read"):
        read_record(tmp_path)


def test_names_become_folders() -> None:
    assert checked_name("  My   model ") == "My model"
    assert key_of("My model").startswith("my-model-")
    assert key_of("Möbius/../x").startswith("m-bius-x-")
    assert key_of("模型").startswith("model-")
    assert key_of("a b") != key_of("a-b")
    for wrong in ("", " ", "x" * 81, "a\0b"):
        with pytest.raises(KnownError):
            checked_name(wrong)

"""Builds in processes that are killed, and on disks that are full, at every stage."""

import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.builds import needs
from tests.engine.builds.building import (
    STAGES,
    STARTER,
    Fake,
    checkpoint,
    fake_program,
    is_alive,
    until,
)
from tests.engine.builds.hub_repo import REPO, hub_repo
from tests.small_disk import small_disk_at
from tests.system.conftest import ASSAY, ROOT, Begin, Run, killed, models, working

DISK = 6_000_000
QUANTIZE = (sys.executable, "-m", "quantize.cli")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_program(monkeypatch, tmp_path / "fake")


def listed(assay_here: Run) -> dict[str, str]:
    """The states of all builds by name, and those of the stages as one text."""
    found = json.loads(assay_here("models", "builds", "--json").stdout)
    return {
        one["order"]["name"]: f"{one['state']}: {' '.join(s['state'] for s in one['stages'])}"
        for one in found
    }


def test_killed_at_every_stage_it_goes_on_there(
    assay_here: Run, begun: Begin, fake: Fake, home: Path, tmp_path: Path
) -> None:
    source = checkpoint(tmp_path / "source")
    for at, command in enumerate(STAGES):
        fake.set(f"wait-{command}")
        running = begun("Mine", "--from", source, "--type", "Q4_0")
        child = fake.pid()
        killed(running)
        until(lambda child=child: not is_alive(child))
        left = ["done"] * at + ["waiting"] * (4 - at)
        assert listed(assay_here) == {"Mine": "stopped: " + " ".join(left)}
        assert models(assay_here) == []
    fake.set()
    assert "Mine is added" in assay_here("models", "build", "Mine").stdout
    assert fake.commands == [one for command in STAGES for one in (command, command)]
    (model,) = models(assay_here)
    assert model.read_bytes() == (fake.folder / "model.gguf").read_bytes()
    (folder,) = (home / "builds").iterdir()
    assert not list(folder.glob(".*"))


def test_killed_while_it_fetches_what_is_whole_is_not_fetched_again(
    assay_here: Run, begun: Begin, fake: Fake, home: Path, tmp_path: Path
) -> None:
    source = checkpoint(tmp_path / "source")
    with hub_repo(source) as repo:
        assay_here("settings", "model_hub", repo.hub.url)
        large = repo.files["model.safetensors"]
        large.pause, large.piece = 0.1, 4096
        running = begun("Mine", "--from", REPO, "--type", "Q8_0")
        parts = "builds/*/parts/*.part"
        until(lambda: sum(one.stat().st_size for one in home.glob(parts)) > 10_000)
        killed(running)
        assert listed(assay_here)["Mine"].startswith("stopped: waiting")
        large.pause = 0.0
        asked = len(repo.asked)
        assay_here("models", "build", "Mine", "--from", REPO, "--type", "Q8_0")
        assert set(repo.asked[asked:]) == {"model.safetensors"}
    (model,) = models(assay_here)
    assert hashlib.sha256(model.read_bytes()).hexdigest() == model.stem


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of DISK bytes; needs root."""
    with small_disk_at(tmp_path / "disk", DISK) as place:
        yield place


def test_a_disk_that_is_full_at_any_stage_spoils_nothing(
    assay_here: Run,
    fake: Fake,
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, filler = checkpoint(tmp_path / "source"), small_disk / "filler"
    words = ("models", "build", "Mine", "--from", source, "--type", "Q4_0")
    monkeypatch.setenv("ASSAY_HOME", str(small_disk / "home"))
    refused = assay_here(*words)  # 256 MB are to stay free
    assert "not enough disk space" in refused.stderr
    assert listed(assay_here) == {}
    # It is not noticed before, as when others fill the disk at the same time.
    monkeypatch.setattr(needs, "DISK_RESERVE", 0)
    for at, command in enumerate(STAGES):
        fake.set(f"fill-{command}", text=str(filler))
        done = assay_here(*words)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "the disk is full" in done.stderr
        assert "Mine" in assay_here("models", "builds").stdout
        filler.unlink()
        left = ["done"] * at + ["waiting"] * (4 - at)
        found = listed(assay_here)["Mine"].replace("failed", "waiting").partition(": ")[2]
        assert found == " ".join(left)
        assert models(assay_here) == []
        (folder,) = (small_disk / "home" / "builds").iterdir()
        assert not list(folder.glob(".*"))
    fake.set()
    assert "Mine is added" in assay_here(*words).stdout
    (model,) = models(assay_here)
    assert model.read_bytes() == (fake.folder / "model.gguf").read_bytes()


@pytest.mark.timeout(900)
def test_the_starter_is_built_although_it_is_killed_at_every_stage(
    assay: Run, begun: Begin, home: Path, tmp_path: Path
) -> None:
    words = ("Mine", "--from", STARTER, "--type", "Q4_0")

    def no_big_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000_000, 9_000_000))

    done = assay("models", "build", *words, before=no_big_files)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "the file would be too big" in done.stderr

    (folder,) = (home / "builds").iterdir()
    kept: dict[str, int] = {}
    for at, command in enumerate(STAGES):
        running = begun(*words, program=ASSAY)
        until(lambda command=command: working(folder, command) != [], 400.0)
        time.sleep(0.3)
        killed(running)
        until(lambda: working(folder) == [])
        assert len(json.loads((folder / "build.json").read_bytes())["done"]) == at
        for name, changed in kept.items():
            assert (folder / name).stat().st_mtime_ns == changed, name
        kept = {one.name: one.stat().st_mtime_ns for one in folder.glob("[a-z]*.gguf")}
    assert sorted(kept) == ["full.gguf", "imatrix.gguf", "model.gguf"]
    assert not list((home / "models").iterdir())

    assert begun("Mine", "--use", program=ASSAY).wait(400) == 0
    (built,) = json.loads(assay("models", "builds", "--json").stdout)
    assert built["state"] == "registered"
    assert [one["state"] for one in built["stages"]] == ["done"] * 4
    assert 0.5 < built["figures"]["agreement"] < 1
    (model,) = (home / "models").iterdir()
    assert not list(folder.glob(".*"))
    assert not (folder / "full.gguf").exists()

    # The same by hand, with the importance matrix that is kept.
    full, small = tmp_path / "full.gguf", tmp_path / "small.gguf"
    matrix = str(folder / "imatrix.gguf")
    for command in (
        ("convert", str(STARTER), str(full)),
        ("quantize", str(full), str(small), "--type", "Q4_0", "--imatrix", matrix, "--feedback"),
    ):
        subprocess.run([*QUANTIZE, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert small.read_bytes() == model.read_bytes()
    assert "24,064 tokens read" in str(built["stages"])
    (used,) = [one for one in json.loads(assay("models", "--json").stdout) if one["in_use"]]
    assert (used["name"], used["path"]) == ("Mine", str(model))
    answer = assay("ask", "What is a stablecoin?", env={"OMP_NUM_THREADS": "1"})
    assert answer.returncode == 0
    assert len(answer.stdout) > 20
    assert os.path.getsize(model) == built["size"]

"""Folders that want to do harm are refused by the exports as by the conversion."""

import os
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from quantize.export.nf4 import export_nf4
from quantize.task import Task


@pytest.mark.parametrize("name", ["LICENSE", "merges.txt", "tokenizer_config.json"])
def test_links_out_of_the_folder(folder: Path, tmp_path: Path, task: Task, name: str) -> None:
    """What lies elsewhere on this machine must not get into a folder somebody may pass on."""
    (tmp_path / "secret").write_text("{}")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(KnownError, match=f"{name} is a link to a place outside"):
        export_nf4(folder, tmp_path / "out", True, task)
    assert not (tmp_path / "out").exists()


def test_pipes_are_not_waited_for(folder: Path, tmp_path: Path, task: Task) -> None:
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    with pytest.raises(KnownError, match=r"config\.json is not a file"):
        export_nf4(folder, tmp_path / "out", True, task)

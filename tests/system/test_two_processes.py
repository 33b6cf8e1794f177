"""Several Assays at once on one data folder, the first start included."""

import subprocess
from pathlib import Path

from tests.system.conftest import ASSAY, Run

AT_ONCE = 4


def test_of_many_first_starts_one_works_and_the_others_say_why(home: Path, assay: Run) -> None:
    started = [
        subprocess.Popen(
            [*ASSAY, "batches"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(AT_ONCE)
    ]
    outcomes = [(*process.communicate(timeout=60), process.returncode) for process in started]

    assert ("Nothing has been imported.\n", "", 0) in outcomes
    for out, err, status in outcomes:
        if status:
            assert (out, status) == ("", 2)
            assert err.startswith("Assay is already open with this data folder")
            assert err.count("\n") == 1
    assert assay("batches").stdout == "Nothing has been imported.\n"

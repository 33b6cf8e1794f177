"""Training runs: which there are, how far they are, and starting and stopping them."""

import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.core.jobs import Job, JobPool
from engine.training_runs import process, recipes
from engine.training_runs.known import KnownRuns, Start
from engine.training_runs.metrics import Figures, MetricsReader
from engine.training_runs.recipes import Recipe
from engine.training_runs.run import Run, read_run

REPORT = "report.html"
_GET = (
    "Training needs libraries that are not installed.",
    "Install them with `pip install 'assay[train]'`.",
)


class TrainingArea:
    """The runs that Assay knows; they go on when Assay is closed and are found again."""

    def __init__(self, root: Path, jobs: JobPool) -> None:
        """root: where the list of runs is kept, and runs whose folder nobody has chosen."""
        self._root = root
        self._known = KnownRuns(root / "runs.json")
        self._jobs = jobs
        self._lock = threading.Lock()
        self._readers: dict[Path, MetricsReader] = {}

    def recipes(self) -> list[Recipe]:
        """What can be started. Raises KnownError if training is not installed."""
        if not recipes.has_train_extra():
            raise KnownError(*_GET)
        return recipes.recipes()

    def recipe(self, name: str) -> Recipe:
        """One of them by its name, or a recipe file of the user's own. Raises KnownError."""
        self.recipes()
        return recipes.find_recipe(name)

    def list(self) -> "list[tuple[Run, Figures]]":
        """All runs with their figures by now, newest first."""
        known = reversed(self._known.all().items())
        return [(read_run(folder, start.recipe), self.figures(folder)) for folder, start in known]

    def find(self, name: str) -> Run:
        """A run by the name of its folder, the newest of several, or by the folder; KnownError."""
        known = self._known.all()
        for folder in reversed(known):
            if name == folder.name or Path(name).absolute() == folder:
                return read_run(folder, known[folder].recipe)
        raise KnownError(f"There is no training run {name}.", "`assay training` lists them.")

    def figures(self, folder: Path) -> Figures:
        """The figures of a run by now; only what was appended since the last look is read."""
        with self._lock:
            return self._readers.setdefault(folder, MetricsReader(folder)).read()

    def free_folder(self, recipe: Recipe) -> Path:
        """A folder for a run of this recipe that is not there yet."""
        name, number = recipe.name.replace("/", "-"), 1
        while (folder := self._root / f"{name}-{number}").exists():
            number += 1
        return folder

    def start(
        self, recipe: Recipe, values: Mapping[str, str], out: Path | None = None, until: str = ""
    ) -> Run:
        """Check everything and start. values: settings by key; out: the folder of the run; until:
        a time limit as 90m. Raises KnownError, and then nothing was started. Takes seconds."""
        self.recipes()
        folder = (out or self.free_folder(recipe)).expanduser().absolute()
        settings = recipes.check(recipe, values, folder, until)
        begin = Start(recipe.name, recipe.method, str(recipe.path.absolute()), settings, until)
        process.check(begin.arguments(folder))
        process.launch(folder, begin.arguments(folder))
        self._known.put(folder, begin)
        return read_run(folder, begin.recipe)

    def stop(self, folder: Path) -> None:
        """Ask a run to save and stop; it says that it is stopping until that is done."""
        if folder in self._known.all():
            process.interrupt(folder)

    def resume(self, folder: Path) -> None:
        """Let a run go on from its last checkpoint; harmless if it runs. Raises KnownError."""
        self.recipes()
        run, begin = self.find(str(folder)), self._known.all()[folder]
        if not folder.is_dir():
            raise KnownError(run.text, "Start it anew.")
        if not run.is_running:
            process.launch(folder, begin.arguments(folder))

    def delete(self, folder: Path) -> int:
        """Delete a run with its folder; returns the bytes freed. Raises KnownError."""
        if self.find(str(folder)).is_running:
            raise KnownError(f"{folder.name} is running.", "Stop it first.")
        freed = self.space(folder)
        if folder.exists():
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise known_os_error(f"delete {folder}", error) from error
        self._known.forget(folder)
        with self._lock:
            self._readers.pop(folder, None)
        return freed

    def space(self, folder: Path) -> int:
        """Bytes that deleting a run would free."""
        size = 0
        for place, _, names in os.walk(folder):
            for name in names:
                with suppress(FileNotFoundError):  # a checkpoint that was replaced meanwhile
                    size += (Path(place) / name).lstat().st_size
        return size

    def report(self, folder: Path) -> Job[Path]:
        """Write what is known of a run as one HTML file into its folder."""
        target = folder / REPORT

        def write(_: object) -> Path:
            command = [*process.PROGRAM, "report", str(folder), "--out", str(target)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lines = done.stderr.strip().splitlines() or [""]
                raise KnownError(f"The report was not written: {lines[-1]}")
            return target

        return self._jobs.submit("Writing the report", write)

    def quantize_commands(self, run: Run) -> str:
        """What makes a smaller GGUF file of the model of a run; one command a line."""
        model = run.folder / "model"
        whole, small = (run.folder / f"{run.name}{end}.gguf" for end in ("", "-Q8_0"))
        commands = (
            ("assay-quantize", "convert", str(model), str(whole)),
            ("assay-quantize", "quantize", str(whole), str(small), "--type", "Q8_0"),
        )
        return "\n".join(map(shlex.join, commands))

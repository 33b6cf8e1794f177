"""What the tests of downloads share: a model to fetch, a hub to fetch it from, a watcher."""

import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.core.clock import FixedClock
from engine.model.download.download import Advance, Download, Fetched, Wanted
from engine.model.download.files import DownloadFiles
from engine.model.download.hub import Hub
from engine.model.download.hub_file import Place
from engine.model.download.pace import Pace
from tests.engine.hub_server import FILE, REPO
from tests.engine.loopback import Log
from tests.engine.service.tiny import write_tiny_model

CLOCK = FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


def model_bytes(folder: Path, size: int = 3_000_000, seed: int = 1) -> bytes:
    """A model whose weights end in noise, so that no two pieces of it are alike."""
    tiny = write_tiny_model(folder / f"tiny-{seed}.gguf").read_bytes()
    return tiny + random.Random(seed).randbytes(max(0, size - len(tiny)))


class Watch:
    """Sees all; stops where it is told to."""

    def __init__(
        self, stop: Callable[[Advance], bool] = lambda advance: False, how: type = KeyboardInterrupt
    ) -> None:
        self.seen: list[Advance] = []
        self._stop = stop
        self._how = how
        self._stopping = False

    def check(self) -> None:
        if self._stopping:
            raise self._how

    def tell(self, advance: Advance) -> None:
        self.seen.append(advance)
        self._stopping = self._stopping or self._stop(advance)

    @property
    def notices(self) -> list[str]:
        return list(dict.fromkeys(one.notice for one in self.seen if one.notice))


class Fetcher:
    """Downloads on a folder of its own. naps: how long was waited for another try."""

    def __init__(self, url: str, home: Path, token: str = "") -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        self.files = DownloadFiles(home / "downloads")
        self.log = Log()
        self.naps: list[float] = []
        self.limit = 0
        self.hub = Hub(lambda: True, self.log, CLOCK, url, token)
        self.wanted = Wanted(Place(REPO, FILE), "Tiny")

    def download(self, wanted: Wanted | None = None) -> Download:
        pace = Pace(lambda: self.limit)
        if not self.limit:
            pace.wait = lambda seconds, check: self.naps.append(seconds)  # type: ignore[method-assign]
        return Download(self.hub, self.files, self.home, wanted or self.wanted, pace)

    def run(self, watch: Watch | None = None, wanted: Wanted | None = None) -> Fetched:
        return self.download(wanted).run(watch or Watch())

    @property
    def left(self) -> list[str]:
        """The names of what is in the folder of parts."""
        return sorted(path.suffix for path in self.files.folder.glob("*"))

    @property
    def done(self) -> int:
        """Bytes that the state file says are there."""
        state = self.files.read(self.wanted.key)
        return state.done if state else -1


def main() -> None:
    """A download in a process of its own, to be killed: URL, folder, size of a piece."""
    from engine.model.download import download

    download.PIECE = int(sys.argv[3])
    fetched = Fetcher(sys.argv[1], Path(sys.argv[2])).run()
    print(fetched.sha256)


if __name__ == "__main__":
    main()

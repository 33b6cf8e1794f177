"""A repository of several files on the tests' Hub: large ones by checksum, small ones directly."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engine.hub_server import COMMIT, HubServer
from tests.engine.loopback import Handler, Loopback, serving

REPO = "someone/Tiny-Model"


class HubRepo:
    """files: each as a HubServer of one file, to misbehave as a test says; commits: those that are
    there, the first is what main is."""

    hub: Loopback
    cdn: Loopback

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.files: dict[str, HubServer] = {}
        self.put(contents)

    def put(self, contents: dict[str, bytes], commit: str = COMMIT) -> None:
        """Have these files as a commit that is main from now on."""
        for name, content in contents.items():
            file = HubServer(content, repo=REPO, file=name, commit=commit)
            file.direct = not name.endswith(".safetensors")
            if file.direct:  # git's own checksum, which is no SHA-256
                blob = b"blob %d\0" % len(content) + content
                file.said_tag = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
            self.files[name] = file
        if hasattr(self, "hub"):
            self._connect()

    def serve(self, hub: Loopback, cdn: Loopback) -> None:
        self.hub, self.cdn = hub, cdn
        self._connect()

    def _connect(self) -> None:
        for file in self.files.values():
            file.hub, file.cdn = self.hub, self.cdn

    @property
    def asked(self) -> list[str]:
        """The names of what the Hub was asked for."""
        return [one.path.rpartition("/")[2] for one in self.hub.asked]

    def resolve(self, handler: Handler) -> None:
        name = handler.path.rpartition("/")[2]
        other = next(iter(self.files.values()))
        self.files.get(name, other).resolve(handler)

    def send(self, handler: Handler) -> None:
        next(one for one in self.files.values() if one.sha256 in handler.path).serve(handler)


@contextmanager
def hub_repo(folder: Path) -> Iterator[HubRepo]:
    """Run both servers with the files of a folder."""
    repo = HubRepo({path.name: path.read_bytes() for path in folder.iterdir()})
    with serving(repo.resolve) as hub, serving(repo.send) as cdn:
        repo.serve(hub, cdn)
        yield repo

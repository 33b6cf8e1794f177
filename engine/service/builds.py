"""Builds: from a source to a smaller, compared model, stopped and resumed at will."""

from engine.core.builds import BuildLook, BuildOrder, BuildSource, BuildStatus
from engine.core.jobs import Job


class BuildArea:
    """The builds of a data folder.

    DataChanged({"builds"}) is published when a stage or a state changes, JobProgress (job_id
    "build-KEY") while a stage runs.
    """

    def look(self, source: str) -> Job[BuildLook]:
        """What a source is and what can be made of it; asks the Hub for OWNER/NAME only."""
        raise NotImplementedError

    def sources(self) -> list[BuildSource]:
        """What is at hand: own training runs that have a model, and unfinished downloads of builds.

        Takes no time, so that sizes are 0 where they would have to be worked out.
        """
        raise NotImplementedError

    def start(self, order: BuildOrder) -> str:
        """Begin a build and return its key; a build of this name that is not finished goes on if
        the order is the same. Raises KnownError where disk, memory or a library is missing; then
        nothing was begun."""
        raise NotImplementedError

    def resume(self, key: str) -> None:
        """Go on at the first stage whose output is missing; harmless if it runs. KnownError."""
        raise NotImplementedError

    def stop(self, key: str) -> None:
        """End the running stage; those that are done stay. Harmless if it does not run."""
        raise NotImplementedError

    def delete(self, key: str) -> int:
        """Stop a build and delete its folder, the model in the library stays; bytes freed."""
        raise NotImplementedError

    def list(self) -> "list[BuildStatus]":
        """All builds by name, the finished ones too until they are deleted."""
        raise NotImplementedError

    def wait(self, key: str) -> BuildStatus:
        """How a build is once it does not run any more. KnownError if there is none."""
        raise NotImplementedError

    def try_out(self, key: str, text: str) -> Job[str]:
        """Ask the built file one question before it is registered; the answer."""
        raise NotImplementedError

    def register(self, key: str, use: bool) -> int:
        """Put the built file into the library; its number there. use: answer with it from now on.

        Harmless when called twice. Raises KnownError if it is not built.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop all builds; what is done is kept."""

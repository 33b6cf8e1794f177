"""What a command has done: fields for programs, a sentence for people."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome(ABC):
    """The end of a command; its fields are what --json prints."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What was done, for people."""

"""Compares a quantized model file with its original on a text."""

from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf.header import read_header
from quantize.child import run_job
from quantize.outcome import Outcome
from quantize.task import Task

MAX_TEXT = 16 << 20


@dataclass(frozen=True, slots=True)
class Comparison(Outcome):
    """Differences over a text's positions.

    mean_divergence, p99_divergence: Kullback–Leibler divergence of the candidate's next-token
    distribution from the reference's, in nats. agreement: share of positions where both find the
    same token likeliest. Perplexities are those of the text's own tokens.
    """

    positions: int
    mean_divergence: float
    p99_divergence: float
    agreement: float
    reference_perplexity: float
    candidate_perplexity: float

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        return (
            f"{self.positions:,} positions: mean KL divergence {self.mean_divergence:.6f}, "
            f"99th percentile {self.p99_divergence:.6f}, same likeliest token at "
            f"{self.agreement:.2%}, perplexity {self.reference_perplexity:.3f} → "
            f"{self.candidate_perplexity:.3f}."
        )


def compare(reference: Path, candidate: Path, text: Path, task: Task) -> Comparison:
    """Run both model files over a UTF-8 text. Raises KnownError and Cancelled.

    The text is cut into windows of 512 tokens; the second half of each is measured.
    """
    headers = [read_header(path) for path in (reference, candidate)]
    _check_text(text)
    arguments = {
        "reference": str(reference.resolve()),
        "candidate": str(candidate.resolve()),
        "text": str(text.resolve()),
        "context": str(min(header.number("context_length", 0) for header in headers)),
    }
    figures = run_job("compare", arguments, task, share=(0.0, 1.0))
    return Comparison(int(figures.pop("positions")), **figures)


def _check_text(path: Path) -> None:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_TEXT + 1)
        if len(data) > MAX_TEXT:
            raise KnownError(f"{path.name} is larger than 16 MB.", "A few hundred kB are plenty.")
        data.decode()
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    except UnicodeDecodeError as error:
        raise KnownError(f"{path.name} is not UTF-8 text.", "Choose a text file.") from error

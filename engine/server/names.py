"""What the model and the answers are called towards clients."""

import re
import secrets
import time
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from engine.server.backend import Backend, Served
from engine.server.errors import unavailable
from engine.server.options import ServerOptions


@dataclass(frozen=True, slots=True)
class Label:
    """What every answer says of itself; created: in seconds since 1970."""

    model: str
    fingerprint: str
    created: int


def label(served: Served, options: ServerOptions) -> Label:
    """The label of an answer that begins now."""
    return Label(model_id(served, options), build(), int(time.time()))


def model_id(served: Served, options: ServerOptions) -> str:
    """The model's name without blanks, unless it was given another one."""
    return options.names[0] if options.names else slug(served.name)


def slug(name: str) -> str:
    """A name as part of an address: "Qwen3 4B" becomes "qwen3-4b"."""
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-") or "model"


def new_id(kind: str) -> str:
    """A name that no other answer or call has."""
    return f"{kind}-{secrets.token_hex(12)}"


def current(backend: Backend) -> Served:
    """The loaded model; ApiError if there is none."""
    served = backend.loaded
    if served is None:
        raise unavailable("Loading model" if backend.loading else "No model is loaded.")
    return served


@cache
def build() -> str:
    """Which program answers."""
    try:
        version = metadata.version("assay")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"build-assay-{version}"

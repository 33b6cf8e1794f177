"""Which graphics cards the engine can use, asked in a process of its own."""

import logging
from dataclasses import dataclass
from typing import Unpack

from engine.model.fit.memory import Settings, layers_on_gpu
from engine.model.gguf.header import GgufHeader
from engine.model.side_process import run_side

SECONDS = 8.0  # drivers may take a while to wake up
MAX_DEVICES = 16
MAX_NAME = 80
MODULE = "engine.model.child.devices"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GpuDevice:
    """A graphics card. free, total: bytes of its memory; shared: that is the main memory."""

    name: str
    free: int
    total: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class GpuInfo:
    """The graphics cards there are; notice: one sentence why there are none, or ""; broken: there
    may be some, but they could not be asked."""

    devices: tuple[GpuDevice, ...] = ()
    notice: str = ""
    broken: bool = False

    @property
    def free(self) -> int:
        """Bytes a model can be spread over; cards with a memory of their own count alone."""
        own = [device.free for device in self.devices if not device.shared]
        return sum(own or [device.free for device in self.devices])


def find_gpus(module: str = MODULE, seconds: float = SECONDS) -> GpuInfo:
    """Ask the engine for graphics cards. A driver that crashes or hangs means there is none.

    module: what to run instead, for tests of that.
    """
    found: list[GpuDevice] = []
    offload = False

    def on_line(values: dict[str, object]) -> None:
        nonlocal offload
        offload = offload or values.get("offload") is True
        device = _device(values.get("device"))
        if device is not None and len(found) < MAX_DEVICES:
            found.append(device)

    try:
        code = run_side(module, [], on_line, seconds)
    except OSError as error:
        _log.warning("the graphics cards could not be asked for: %s", error)
        return _broken("Graphics cards could not be looked for: no process can be started.")
    if code is None:
        return _broken("The graphics card is not used: its driver does not answer.")
    if code != 0:
        _log.info("asking for graphics cards ended with %d", code)
        return _broken("The graphics card is not used: its driver crashed when asked.")
    if not offload:
        return GpuInfo(notice="The model engine was built for the processor only.")
    if not found:
        return GpuInfo(notice="No graphics card was found.")
    return GpuInfo(tuple(found))


def gpu_layers(header: GgufHeader, n_ctx: int, gpus: GpuInfo, **settings: Unpack[Settings]) -> int:
    """Layers to put on the graphics cards with a context of n_ctx tokens, 0 without cards."""
    return layers_on_gpu(header, n_ctx, gpus.free, **settings) if gpus.devices else 0


def _broken(notice: str) -> GpuInfo:
    return GpuInfo(notice=notice, broken=True)


def _device(values: object) -> GpuDevice | None:
    """A device as the child described it, None unless that makes sense."""
    if not isinstance(values, dict):
        return None
    name, free, total = (values.get(key) for key in ("name", "free", "total"))
    if not isinstance(name, str) or type(free) is not int or type(total) is not int:
        return None
    if not 0 <= free <= total < 1 << 50:
        return None
    shown = "".join(letter for letter in name if letter.isprintable())[:MAX_NAME].strip()
    return GpuDevice(shown or "graphics card", free, total, values.get("shared") is True)

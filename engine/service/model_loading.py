"""How a model is loaded here: context, measured settings, graphics card."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.model.client import LoadOptions, ModelClient
from engine.model.fit.memory import Settings as Run
from engine.model.gguf.header import GgufHeader
from engine.model.tuning.cards import GpuInfo, find_gpus, gpu_layers
from engine.model.tuning.tuner import Tuner
from engine.service.settings import Settings

WORTH_MEASURING = 64 << 20
"""Bytes; smaller models are fast whatever the settings."""

_NO_OFFLOAD = "The graphics card could not run the model when that was tried: the processor does."


class LoadChoices:
    """Makes the options for loads; folder: where measurements are kept, None = nowhere."""

    def __init__(self, settings: Settings, folder: Path | None) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._cards: GpuInfo | None = None
        self.tuner = Tuner(folder / "tuning.json") if folder is not None else None

    def options(
        self,
        path: Path,
        header: GgufHeader,
        unload: Callable[[], None],
        freed: int = 0,
        check: Callable[[], None] = lambda: None,
    ) -> LoadOptions:
        """The options to load a model with; unload: ends the one that is loaded, which is called
        where it may hold memory of a graphics card; freed: bytes that it gives back; check: raises
        Cancelled if the load is not wanted any more."""
        n_ctx = int(self._settings.get("context_tokens"))
        tuning = self.tuner.known(header, n_ctx, freed) if self.tuner is not None else None
        options = LoadOptions(n_ctx=n_ctx, tuning=tuning, factor=self.factor(header))
        if header.size < WORTH_MEASURING:
            return options
        with self._lock:
            cards = self._asked(unload)
        run: Run = {"sequences": options.sequences}
        if tuning is not None:
            run |= {"batch": tuning.batch, "flash": tuning.flash}
        used = min(n_ctx, header.number("context_length", n_ctx))
        layers = gpu_layers(header, used, cards, **run)
        if layers and self.tuner and not self.tuner.can_offload(path, header, layers, check):
            return replace(options, notice=_NO_OFFLOAD)
        return replace(options, gpu_layers=layers, notice=cards.notice if cards.broken else "")

    def factor(self, header: GgufHeader) -> float:
        """What models of this size really use here, as a multiple of the estimate."""
        return self.tuner.factor(header) if self.tuner is not None else 1.0

    def loaded(self, client: ModelClient) -> None:
        """Remember what a model that has just been loaded uses; small ones are mostly process."""
        used = client.used_factor()
        if used is not None and self.tuner is not None and used[0].size >= WORTH_MEASURING:
            self.tuner.was_used(*used)

    def worth_measuring(self, header: GgufHeader) -> bool:
        """Whether it would help to find out how the model runs fastest here, and may succeed."""
        if self.tuner is None or header.size < WORTH_MEASURING or self.tuner.has_failed(header):
            return False
        return self.tuner.known(header, 0) is None

    def _asked(self, unload: Callable[[], None]) -> GpuInfo:
        """The graphics cards. They do not come and go, but others use their memory too."""
        if self._cards is None:
            self._cards = find_gpus()
        elif self._cards.devices:
            unload()
            self._cards = find_gpus()
        return self._cards

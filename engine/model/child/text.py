"""Turns the bytes of tokens into text to show: whole characters only, stop strings held back."""

import codecs

from engine.core.held import uncertain


class TextStream:
    """Feeds on token bytes, gives text as soon as it is certain.

    A character that spans tokens appears when its last byte arrives; what may be the beginning
    of a stop string waits until it is known not to be one. `stopped` is True once a stop string
    has appeared: it and everything after it is dropped. Bytes that are not UTF-8 become U+FFFD.
    """

    def __init__(self, stops: tuple[str, ...] = ()) -> None:
        self.stopped = False
        self._stops = tuple(stop for stop in stops if stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> str:
        """The text that became certain with these bytes."""
        if self.stopped:
            return ""
        text = self._held + self._decoder.decode(data)
        found = [index for stop in self._stops if (index := text.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return text[: min(found)]
        keep = uncertain(text, self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    @property
    def whole(self) -> bool:
        """Whether the bytes so far end with a whole character."""
        return not self._decoder.getstate()[0]

    def finish(self) -> str:
        """The text still held back at the end; an unfinished character is dropped."""
        text, self._held = self._held, ""
        return text

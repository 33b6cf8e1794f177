"""Turns the bytes of tokens into text to show: whole characters only, stop strings held back."""

import codecs


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
        keep = self._uncertain(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def finish(self) -> str:
        """The text still held back at the end; an unfinished character is dropped."""
        text, self._held = self._held, ""
        return text

    def _uncertain(self, text: str) -> int:
        """Length of the longest end of the text that could begin a stop string."""
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(text)), longest, -1):
                if text.endswith(stop[:length]):
                    longest = length
                    break
        return longest

"""Walks the word lists of a GGUF header: a million words in some milliseconds, none of them kept.

A word is a 64-bit length and its UTF-8 text. Ordinary ones have 1 to 255 bytes and no NUL, so
their lengths can be found all at once: one byte followed by seven zeros. That they follow each
other without gaps is checked for every one of them; the others are walked one by one.
"""

import struct

import numpy as np
from numpy.typing import NDArray

ONE_BY_ONE = 16  # words walked singly before the quick way is tried again
MAX_WORD = 1 << 16  # bytes
MAX_UNUSUAL = 2048  # words of a list that are empty, longer than 255 bytes or hold a NUL
_LENGTH = struct.Struct("<Q")
_ESCAPED = np.frombuffer(b"<0x", np.uint8)
_DIGITS = np.full(256, 16, np.uint8)  # the value of a hexadecimal digit, 16 for other bytes
_DIGITS[np.frombuffer(b"0123456789ABCDEF", np.uint8)] = np.arange(16)
# Lead bytes after which not every continuation byte may come, and what is wrong then.
_SECOND = (
    (0xE0, np.less, 0xA0),  # longer than necessary
    (0xED, np.greater, 0x9F),  # half a UTF-16 pair
    (0xF0, np.less, 0x90),  # longer than necessary
    (0xF4, np.greater, 0x8F),  # beyond U+10FFFF
)

Codes = NDArray[np.uint8]
Places = NDArray[np.int64]


class WordScan:
    """A walk over one word list, buffer by buffer.

    spelling: look for the words that stand for single bytes. unusual: words so far that had to
    be walked one by one.
    """

    def __init__(self, spelling: bool) -> None:
        self.unusual = 0
        self._spelling = spelling
        self._single = np.zeros(256, np.bool_)
        self._double = np.zeros(1 << 16, np.bool_)
        self._escaped = np.zeros(256, np.bool_)

    def walk(self, data: bytes, count: int) -> tuple[int, int]:
        """Step over at most `count` words, the first of which begins `data` and lies within it.

        Returns how many there were and their bytes. Raises ValueError where one is not UTF-8.
        """
        codes = np.frombuffer(data, np.uint8)
        starts = _likely_starts(codes)
        follows = starts[:-1] + codes[starts[:-1]] + _LENGTH.size == starts[1:]
        breaks = np.flatnonzero(~follows)
        text = codes.copy()
        done = position = 0
        while done < count:
            first = int(np.searchsorted(starts, position))
            last = first
            if first < len(starts) and starts[first] == position:
                following = int(np.searchsorted(breaks, first))
                last = int(breaks[following]) if following < len(breaks) else len(starts) - 1
                last = min(last, first + count - done)
            if last > first:
                words = starts[first:last]
                text[words] = 0
                if self._spelling:
                    self._note(codes, words)
                done += last - first
                position = int(starts[last])
            stepped, advance = self._step(codes, text, position, count - done)
            if not stepped or self.unusual > MAX_UNUSUAL:
                break
            done += stepped
            position += advance
        # The lengths are NULs by now, so that no character can reach into the next word.
        if not is_utf8(text[:position]):
            raise ValueError("not UTF-8")
        return done, position

    def byte_words(self) -> frozenset[bytes]:
        """The words met that can stand for a single byte: as itself, as a letter or as <0x0A>."""
        found = {bytes([code]) for code in np.flatnonzero(self._single).tolist()}
        found |= {code.to_bytes(2, "little") for code in np.flatnonzero(self._double).tolist()}
        found |= {b"<0x%02X>" % code for code in np.flatnonzero(self._escaped).tolist()}
        return frozenset(found)

    def _step(self, codes: Codes, text: Codes, position: int, count: int) -> tuple[int, int]:
        """Walk a few words one by one, as far as they are whole: how many, and their bytes."""
        begin = position
        starts = []
        done = 0
        while done < min(count, ONE_BY_ONE) and position + _LENGTH.size <= len(codes):
            (length,) = _LENGTH.unpack_from(codes.data, position)
            if length > MAX_WORD or position + _LENGTH.size + length > len(codes):
                break
            text[position : position + _LENGTH.size] = 0
            if length < 256:
                starts.append(position)
            position += _LENGTH.size + length
            done += 1
        if self._spelling:
            self._note(codes, np.array(starts, np.int64))
        self.unusual += done
        return done, position - begin

    def _note(self, codes: Codes, starts: Places) -> None:
        """Remember those words, of at most 255 bytes, that can stand for a single byte."""
        lengths = codes[starts]
        at = starts + _LENGTH.size
        self._single[codes[at[lengths == 1]]] = True
        two = at[lengths == 2]
        letters = two[(codes[two] >= 0xC2) & (codes[two] <= 0xC5)]  # U+0080 to U+017F
        self._double[codes[letters] | codes[letters + 1].astype(np.uint16) << 8] = True
        six = at[lengths == 6]
        for offset, code in enumerate(_ESCAPED):
            six = six[codes[six + offset] == code]
        six = six[codes[six + 5] == ord(">")]
        high, low = _DIGITS[codes[six + 3]], _DIGITS[codes[six + 4]]
        digits = (high < 16) & (low < 16)
        self._escaped[(high * 16 + low)[digits]] = True


def _likely_starts(codes: Codes) -> Places:
    """Where a byte is followed by seven zeros, as in the length of an ordinary word."""
    zero = codes == 0
    two = zero[:-1] & zero[1:]
    four = two[:-2] & two[2:]
    seven = four[1:-3] & four[4:]
    return np.flatnonzero(seven)


def is_utf8(codes: Codes) -> bool:
    """Whether these bytes are UTF-8; the same as decoding them, some times as quickly."""
    data = codes.tobytes()
    if data.isascii():
        return True
    if b"\xc0" in data or b"\xc1" in data or codes.max() > 0xF4:
        return False
    # From 0xC0 on one continuation byte follows at least, from 0xE0 two, from 0xF0 three.
    size = len(codes)
    needed = np.zeros(size + 3, np.bool_)
    for distance, first in enumerate((0xC0, 0xE0, 0xF0), 1):
        needed[distance : distance + size] |= codes >= first
    # As signed numbers the continuation bytes 0x80 to 0xBF are the smallest.
    if needed[size:].any() or not np.array_equal(needed[:size], codes.view(np.int8) < -64):
        return False
    for lead, wrong, limit in _SECOND:
        if lead in data and ((codes[:-1] == lead) & wrong(codes[1:], limit)).any():
            return False
    return True

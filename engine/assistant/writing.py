"""Streams an answer, checking every numeral before it is shown.

Words flow as the model writes them; a numeral waits until the words that may belong to it are
there ("thirty … percent", "12 … May"). The first one that no figure accounts for ends the attempt.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.assistant.cancel import Cancel
from engine.assistant.grounding import ground, unsupported
from engine.assistant.manner import Manner, manner_of
from engine.assistant.naming import names_agree
from engine.assistant.numerals import starts_numeral
from engine.assistant.picking import ANSWER_TOKENS
from engine.assistant.tools.base import Figure, ToolResult
from engine.assistant.voices import Voice
from engine.core.answer_figures import AnswerFigures
from engine.core.errors import Cancelled
from engine.core.events import Event, TextDelta, TextReplaced, ThinkDelta
from engine.core.presets import PRECISE
from engine.model.generation import Stats
from engine.model.parsing import Part, TextPart, ThinkPart

_PRECISE = manner_of(PRECISE)
_RETRY_TEMPERATURE = 0.4  # enough for other words; small models talk nonsense above
_STUCK_LENGTH = 240
_AHEAD = 3  # tokens at the end that may belong to one numeral
# Numbers, words, and single characters of scripts that put no spaces between words.
_TOKEN = re.compile(r"[$€£¥+−–-]?\d[\d.,]*|[A-Za-z']+|\S")
_STUCK = re.compile(r"(.{1,12}?)\1{19}", re.S)  # a damaged model says the same for ever
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer may say: the tool's result (None for talk) and figures the user said.

    owned: the user's coins, for symbols that are also words.
    """

    question: str
    result: ToolResult | None
    said: Sequence[Figure]
    owned: Sequence[str]

    def supports(self, text: str) -> bool:
        """Whether every numeral of `text` is accounted for, and the model is not stuck."""
        if _STUCK.search(text[-_STUCK_LENGTH:]):
            return False
        figures: Sequence[Figure] = self.result.figures if self.result else ()
        return not unsupported(ground(text, (*figures, *self.said)))

    def names_fit(self, text: str) -> bool:
        """Whether a whole answer has the figure asked for, and puts all to the right names."""
        if self.result is None:
            return True
        if not self._has_headline(self.result, text):
            return False
        return names_agree(text, self.question, self.result, self.owned)

    def _has_headline(self, result: ToolResult, text: str) -> bool:
        """Whether the figure asked for is there, exact or rounded."""
        labels = {f.label for f in result.figures if f.text == result.headline}
        if not result.headline or result.headline.lstrip("+-") in text:
            return True
        return any(link.label in labels for link in ground(text, result.figures))


def settled(text: str) -> int:
    """Up to where what follows cannot change the meaning of a numeral."""
    tokens = list(_TOKEN.finditer(text))
    for token in tokens[-_AHEAD:]:
        if starts_numeral(token[0]):
            return token.start()
    unfinished = tokens and tokens[-1].end() == len(text) and text[-1].isascii()
    return tokens[-1].start() if unfinished else len(text)


class Writer:
    """Shows one answer; `text` is what the user sees of it.

    figures: what the model did for that text; None while there are no words of the model.
    """

    def __init__(
        self,
        publish: Callable[[Event], None],
        message_id: int,
        cancel: Cancel,
    ) -> None:
        self.text = ""
        self.figures: AnswerFigures | None = None
        self._thinking_seconds = 0.0
        self._thinking_since: float | None = None
        self._publish = publish
        self._message_id = message_id
        self._cancel = cancel

    def say(self, text: str) -> None:
        """Shows text that code wrote, in place of what is left of words that broke off."""
        if self.text:
            self._replace(text)
            return
        self.text = text
        self._publish(TextDelta(self._message_id, text))

    def write(
        self,
        voice: Voice,
        evidence: Evidence,
        plain: Callable[[], str],
        manner: Manner = _PRECISE,
    ) -> None:
        """Streams the model's answer; if it does not hold, one retry, then the plain text.

        Raises Stopped, Cancelled if another model is loaded meanwhile, and what the voice does.
        """
        for attempt in range(2):
            if self._attempt(voice, evidence, attempt, manner):
                return
            if attempt == 0 and self.text:
                self._replace("")
        self._replace(plain())
        self.figures = None

    def _attempt(self, voice: Voice, evidence: Evidence, attempt: int, manner: Manner) -> bool:
        """Whether the model's answer held; the part shown stays in `text`."""
        drawn = manner.figures if evidence.result else manner.talk
        sampling = replace(
            drawn,
            temperature=max(drawn.temperature, _RETRY_TEMPERATURE if attempt else 0.0),
            seed=abs(self._message_id) + attempt,
        )
        answer = voice.speak(sampling, ANSWER_TOKENS + manner.thought_tokens)
        written = ""
        with self._cancel.attached(answer.cancel):
            for part in answer:
                written = self._taken(part, written)
                if not self._show(written[: settled(written)].rstrip(), evidence):
                    answer.cancel()
                    self._end_thought()
                    return False
        self._end_thought()
        self._note(voice, answer.stats)
        self._cancel.check()
        written = written.strip()
        finish = answer.stats.finish if answer.stats is not None else ""
        if finish == "cancelled":  # not by the user: another model is loaded
            raise Cancelled
        if finish == "length":
            ends = [match.end() for match in _SENTENCE_END.finditer(written)]
            written = written[: ends[-1]] if ends else written
        if not written or not self._show(written, evidence):
            return False
        if len(self.text) > len(written):  # a sentence was cut off
            self._replace(written)
        return evidence.names_fit(written)

    def _taken(self, part: Part, written: str) -> str:
        if isinstance(part, ThinkPart):
            if self._thinking_since is None:
                self._thinking_since = time.monotonic()
            self._publish(ThinkDelta(self._message_id, part.text))
        elif isinstance(part, TextPart):
            written += part.text
            if part.text.strip():
                self._end_thought()
        return written.lstrip()

    def _end_thought(self) -> None:
        if self._thinking_since is not None:
            self._thinking_seconds += time.monotonic() - self._thinking_since
            self._thinking_since = None

    def _note(self, voice: Voice, stats: Stats | None) -> None:
        """Remember what an attempt took that has ended, by itself or by the user's will."""
        if stats is not None:
            self.figures = AnswerFigures(
                model=voice.name,
                tokens=stats.tokens,
                seconds=stats.seconds,
                prompt_tokens=stats.prompt_tokens,
                cached_tokens=stats.cached_tokens,
                thinking_seconds=self._thinking_seconds,
                context_tokens=voice.n_ctx,
                context_used=stats.prompt_tokens + stats.tokens,
                drafted=stats.drafted,
                accepted=stats.accepted,
            )

    def _show(self, text: str, evidence: Evidence) -> bool:
        """Shows what is new in `text`, unless a numeral in it is unsupported."""
        if len(text) <= len(self.text):
            return True
        if not evidence.supports(text):
            return False
        new = text[len(self.text) :]
        self.text = text
        self._publish(TextDelta(self._message_id, new))
        return True

    def _replace(self, text: str) -> None:
        self.text = text
        self._publish(TextReplaced(self._message_id, text))

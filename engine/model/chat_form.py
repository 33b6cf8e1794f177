"""How to talk to one model: with one of our templates, or with its own in a process apart."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.model.gguf.header import GgufHeader, read_header
from engine.model.templates import (
    PromptMessage,
    ToolSpec,
    Traits,
    broken_message,
    broken_up,
    choose_template,
    is_vetted,
    own_template,
    render,
    spell_out_tools,
    starts_in_thought,
    traits_by_text,
    traits_of,
)
from engine.model.templates.conversation import last_question
from engine.model.templates.process import ForeignTemplate, TemplateProcess, TemplateRefused

_NAMES_TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class Written:
    """A prompt; keep: its beginning up to the end of the last question, where the template will
    write what follows differently later, else ""; in_thought: it ends inside the thought."""

    prompt: str
    keep: str
    in_thought: bool


class Form(ABC):
    """Writes conversations for one model.

    traits: of its template; template_id: which of ours it is, "" for the file's own, whose text
    is own_template.
    """

    def __init__(self, traits: Traits, template_id: str = "", own_template: str = "") -> None:
        self.traits = traits
        self.template_id = template_id
        self.own_template = own_template

    @abstractmethod
    def written(
        self,
        messages: Sequence[PromptMessage],
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        now: datetime,
    ) -> Written:
        """The prompt for an answer; thinking: None = as the template does by itself.

        Raises KnownError where the template cannot be used.
        """

    @abstractmethod
    def beginning(
        self,
        system: PromptMessage,
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        now: datetime,
    ) -> str:
        """What every conversation with this system text begins with. Raises as written()."""

    @abstractmethod
    def plain(self, text: str) -> str:
        """A text whose special tokens are broken up."""

    @abstractmethod
    def close(self) -> None:
        """Free what it holds."""

    def _finished(
        self, prompt: str, thinking: bool | None, opened: bool, head: Callable[[], str]
    ) -> Written:
        """opened: the prompt ends inside the thought; head(): it up to the last question."""
        if opened and thinking is False and self.traits.thought is not None:
            # A template that always opens the thought: an empty one.
            prompt += f"\n{self.traits.thought[1]}\n\n"
            opened = False
        keep = head() if self.traits.drops_thoughts else ""
        return Written(prompt, keep if prompt.startswith(keep) else "", opened)


class VettedForm(Form):
    """One of our templates."""

    def __init__(self, template_id: str) -> None:
        super().__init__(traits_of(template_id), template_id)

    def written(
        self,
        messages: Sequence[PromptMessage],
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        now: datetime,
    ) -> Written:
        wanted = thinking is not False

        def part(count: int | None, open_turn: bool) -> str:
            return self._text(messages[:count], tools, wanted, open_turn, now)

        opened = starts_in_thought(self.template_id, wanted)
        return self._finished(
            part(None, True), thinking, opened, lambda: part(last_question(messages) + 1, False)
        )

    def beginning(
        self,
        system: PromptMessage,
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        now: datetime,
    ) -> str:
        return self._text([system], tools, thinking is not False, False, now)

    def plain(self, text: str) -> str:
        return broken_up(text)

    def close(self) -> None:
        """There is nothing to free."""

    def _text(
        self,
        messages: Sequence[PromptMessage],
        tools: Sequence[ToolSpec],
        thinking: bool,
        open_turn: bool,
        now: datetime,
    ) -> str:
        return render(
            messages,
            tools,
            self.template_id,
            thinking,
            open_turn,
            today=now.date(),
            spell_tools=True,
        )


class ForeignForm(Form):
    """The file's own template."""

    def __init__(self, template: ForeignTemplate) -> None:
        super().__init__(template.traits, own_template=template.source)
        self._template = template
        self._process = TemplateProcess(template)

    def written(
        self,
        messages: Sequence[PromptMessage],
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        now: datetime,
    ) -> Written:
        plain = [broken_message(one, everything=True) for one in messages]
        if self.traits.calls is None and _NAMES_TOOLS not in self._template.source:
            plain = spell_out_tools(plain, tools)
            tools = ()

        def part(of: Sequence[PromptMessage], open_turn: bool) -> str:
            return self._process.render(of, tools, thinking, open_turn, now, broken=True)

        try:
            prompt = part(plain, True)
        except TemplateRefused:
            folded = _without_system(plain)
            if folded == plain:
                raise
            plain = folded
            prompt = part(plain, True)
        thought = self.traits.thought
        opened = thought is not None and prompt.rstrip().endswith(thought[0])
        end = last_question(plain) + 1
        return self._finished(prompt, thinking, opened, lambda: part(plain[:end], False))

    def beginning(
        self,
        system: PromptMessage,
        tools: Sequence[ToolSpec],
        thinking: bool | None,
        now: datetime,
    ) -> str:
        # Some templates refuse a conversation without a question: up to where two questions differ.
        asked = ([system, PromptMessage("user", question)] for question in ("A", "B"))
        one, other = (self.written(talk, tools, thinking, now).prompt for talk in asked)
        pairs = enumerate(zip(one, other, strict=False))
        return one[: next((at for at, (a, b) in pairs if a != b), 0)]

    def plain(self, text: str) -> str:
        return broken_up(text, everything=True)

    def close(self) -> None:
        self._process.close()


def form_for(path: Path, detokenize: Callable[[Sequence[int]], str]) -> Form:
    """The form for a model file; detokenize: special tokens spelled out.

    Raises KnownError where the file cannot be read any more.
    """
    header = read_header(path)
    if is_vetted(header):
        return VettedForm(choose_template(header))
    source = own_template(header)
    # Where the tokenizer adds the first token itself, the template must not add another.
    adds = header.metadata.get("tokenizer.ggml.add_bos_token") is not False
    return ForeignForm(
        ForeignTemplate(
            source,
            traits_by_text(source),
            "" if adds else _token(header, "bos", detokenize),
            _token(header, "eos", detokenize),
        )
    )


def _token(header: GgufHeader, name: str, detokenize: Callable[[Sequence[int]], str]) -> str:
    number = header.metadata.get(f"tokenizer.ggml.{name}_token_id")
    return detokenize([number]) if isinstance(number, int) else ""


def _without_system(messages: Sequence[PromptMessage]) -> list[PromptMessage]:
    """The conversation with the system text at the beginning of the first question."""
    first, *rest = messages
    if first.role != "system" or not rest or rest[0].role != "user":
        return list(messages)
    return [replace(rest[0], text=f"{first.text}\n\n{rest[0].text}"), *rest[1:]]

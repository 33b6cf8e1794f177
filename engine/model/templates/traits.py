"""What differs between the templates besides their text: thoughts, calls, stops, triggers."""

from dataclasses import dataclass
from typing import Literal

STARTER = "starter"  # Assay's own model
QWEN3 = "qwen3"  # thinks unless told not to
QWEN3_THINKING = "qwen3-thinking"  # always thinks (Thinking-2507, DMind-2)
QWEN3_INSTRUCT = "qwen3-instruct"  # never thinks (Instruct-2507)
QWEN25 = "qwen2.5"  # as before, with a system text of its own where there is none
HERMES = "hermes"  # Hermes 2 Pro and 3 with tools
CHATML = "chatml"  # anything else
LLAMA3 = "llama3"  # Llama 3.0: no tools
LLAMA31 = "llama3.1"  # Llama 3.1, 3.2 and 3.3
MISTRAL_V3 = "mistral-v3"  # Nemo: the system text in the last question
MISTRAL_V7 = "mistral-v7"  # Small 2501: a system prompt of its own, calls in a list
MISTRAL_V11 = "mistral-v11"  # Small 3.2: calls by name and arguments
MISTRAL_V13 = "mistral-v13"  # Devstral, Ministral 3: the same without call numbers
GLM45 = "glm4.5"  # GLM 4.5 and 4.6
GLM47 = "glm4.7"
GEMMA = "gemma"  # Gemma 2 and 3: no tools, no system text
PHI3 = "phi3"  # Phi 3.5: no tools

Thinking = Literal["never", "optional", "always"]
CallFormat = Literal["hermes", "llama3", "mistral-list", "mistral-args", "glm", "qwen-xml"]


@dataclass(frozen=True, slots=True)
class Traits:
    """How a template's answers are to be read and steered.

    thinking: whether the model thinks before it answers; opens_thought: a prompt that lets it
    think ends inside the thought; drops_thoughts: those about earlier questions are not shown to
    it again; thought: the marks around one, or None; calls: how it calls tools, None where it was
    not trained to; stop: texts that end an answer.
    """

    thinking: Thinking = "never"
    opens_thought: bool = False
    drops_thoughts: bool = False
    thought: tuple[str, str] | None = ("<think>", "</think>")
    calls: CallFormat | None = "hermes"
    stop: tuple[str, ...] = ()

    @property
    def call_start(self) -> str:
        """The text a call begins with, by which it is known in the middle of an answer."""
        return CALL_START[self.calls or "hermes"]


CALL_START: dict[CallFormat, str] = {
    "hermes": "<tool_call>",
    "qwen-xml": "<tool_call>",
    "glm": "<tool_call>",
    "llama3": "<|python_tag|>",
    "mistral-list": "[TOOL_CALLS]",
    "mistral-args": "[TOOL_CALLS]",
}

_CHATML_STOP = ("<|im_end|>", "<|im_start|>")
_LLAMA_STOP = ("<|eot_id|>", "<|eom_id|>", "<|start_header_id|>")
_MISTRAL_STOP = ("</s>", "[INST]")
_GLM_STOP = ("<|user|>", "<|observation|>", "<|system|>")

TRAITS: dict[str, Traits] = {
    STARTER: Traits(stop=_CHATML_STOP),
    QWEN3: Traits("optional", drops_thoughts=True, stop=_CHATML_STOP),
    QWEN3_THINKING: Traits("always", opens_thought=True, drops_thoughts=True, stop=_CHATML_STOP),
    QWEN3_INSTRUCT: Traits(stop=_CHATML_STOP),
    QWEN25: Traits(stop=_CHATML_STOP),
    HERMES: Traits(stop=_CHATML_STOP),
    CHATML: Traits(calls=None, stop=_CHATML_STOP),
    LLAMA3: Traits(thought=None, calls=None, stop=_LLAMA_STOP),
    LLAMA31: Traits(thought=None, calls="llama3", stop=_LLAMA_STOP),
    MISTRAL_V3: Traits(thought=None, calls="mistral-list", stop=_MISTRAL_STOP),
    MISTRAL_V7: Traits(thought=None, calls="mistral-list", stop=_MISTRAL_STOP),
    MISTRAL_V11: Traits(thought=None, calls="mistral-args", stop=_MISTRAL_STOP),
    MISTRAL_V13: Traits(thought=("[THINK]", "[/THINK]"), calls="mistral-args", stop=_MISTRAL_STOP),
    GLM45: Traits("optional", drops_thoughts=True, calls="glm", stop=_GLM_STOP),
    GLM47: Traits("optional", opens_thought=True, drops_thoughts=True, calls="glm", stop=_GLM_STOP),
    GEMMA: Traits(thought=None, calls=None, stop=("<end_of_turn>", "<start_of_turn>")),
    PHI3: Traits(thought=None, calls=None, stop=("<|end|>", "<|user|>")),
}
TEMPLATE_IDS = tuple(TRAITS)


def traits_of(template_id: str) -> Traits:
    """A template's traits; ValueError for an unknown one."""
    try:
        return TRAITS[template_id]
    except KeyError:
        raise ValueError(f"unknown template {template_id!r}") from None


def starts_in_thought(template_id: str, thinking: bool = False) -> bool:
    """Whether the prompt ends inside the thought, so that the answer starts with it."""
    traits = traits_of(template_id)
    return traits.opens_thought and (thinking or traits.thinking == "always")


def may_think(template_id: str, thinking: bool) -> bool:
    """Whether an answer to such a prompt may begin with, or inside, a thought."""
    return {"never": False, "optional": thinking, "always": True}[traits_of(template_id).thinking]

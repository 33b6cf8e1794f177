"""Which of our templates a model file's own template is, or resembles."""

import hashlib
import re

from engine.model.gguf.header import GgufHeader
from engine.model.templates.traits import (
    CHATML,
    GEMMA,
    GLM45,
    GLM47,
    HERMES,
    LLAMA3,
    LLAMA31,
    MISTRAL_V3,
    MISTRAL_V7,
    MISTRAL_V11,
    MISTRAL_V13,
    PHI3,
    QWEN3,
    QWEN3_INSTRUCT,
    QWEN3_THINKING,
    QWEN25,
    TEMPLATE_IDS,
    CallFormat,
    Thinking,
    Traits,
)

# SHA-256 of published templates, white space at both ends dropped, that ours were compared with
# byte for byte.
KNOWN: dict[str, str] = {
    # Qwen3-0.6B
    "87a2728cb8dc9fe424d624542f6060ec05a1d285ebbec578bb078900e33396b5": QWEN3,
    # Qwen2.5-7B-Instruct
    "55b2f4a26ac9ee719330a61a0c39d9e538b0e9322212f048326318cff4f8674a": QWEN25,
    # Hermes-2-Pro and Hermes-3 (tool use)
    "ce62e308475b364e1fc76699dccbddeb9ac08344f90d59719dba86a9922834d9": HERMES,
    # Llama-3.1-8B and 3.3-70B-Instruct
    "93c0e9aa3629bbd77e68dbc0f5621f6e6b23aa8d74b932595cdb8d64684526d7": LLAMA31,
    # Llama-3.2-3B-Instruct
    "d82792f95932f1c9cef5c4bd992f171225e3bf8c7b609b4557c9e1ec96be819f": LLAMA31,
    # Mistral-Nemo-Instruct-2407
    "e7deee034838db2bfc7487788a3013d8a307ab69f72f3c54a85f06fd76007d4e": MISTRAL_V3,
    # Mistral-Small-3.2-24B-Instruct-2506
    "d990bccdaaa20611e261434bf60bce767b03d8ee1f1d9b5cd0742b1cc96066b9": MISTRAL_V11,
    # Ministral-3-14B-Reasoning-2512
    "31b50c917746ef1c2611c2fef122d3ebee690aca5748ab37832734f9ad375da1": MISTRAL_V13,
    # GLM-4.6
    "e6e2ddfb13f8aef529a869e362f74743725c0919b8675139b93c0cb1623796c8": GLM45,
    # GLM-4.7-Flash
    "d63ad536c3c81880043e22ec7fd08db42b4d8fb7c89c7138bc562bfa25281375": GLM47,
    # gemma-2-2b-it
    "ecd6ae513fe103f0eb62e8ab5bfa8d0fe45c1074fa398b089c93a7e70c15cfd6": GEMMA,
    # Phi-3.5-mini-instruct
    "78d976a442bcde2f0be15aafbb8e3050e1104f86732266f68403251b89982a90": PHI3,
}

_BY_ARCHITECTURE = {
    "qwen3": QWEN3,
    "qwen3moe": QWEN3,
    "glm4moe": GLM45,
    "gemma2": GEMMA,
    "gemma3": GEMMA,
    "phi3": PHI3,
}
# The Thinking models' template ends by opening the thought itself.
_OPENS_THOUGHT = re.compile(r"assistant\\n<think>\\n['\"]")
_OTHER_MARK = re.compile(r"<\|(?!im_start\||im_end\||endoftext\|)[^<>\s]{1,40}>")


def choose_template(header: GgufHeader) -> str:
    """The id of the template for a model: what its file asks for, else what it resembles."""
    return _choice(header)[0]


def is_vetted(header: GgufHeader) -> bool:
    """Whether that template is the file's own, so that the file's need not be run."""
    return _choice(header)[1]


def own_template(header: GgufHeader) -> str:
    """The template inside the file, to be shown to the user; "" if there is none."""
    own = header.metadata.get("tokenizer.chat_template")
    return own if isinstance(own, str) else ""


def traits_by_text(source: str) -> Traits:
    """The traits of a template that is none of ours, as far as its text tells."""
    thinking: Thinking = "never"
    if "enable_thinking" in source:
        thinking = "optional"
    elif _OPENS_THOUGHT.search(source):
        thinking = "always"
    thought = None
    for mark in ("think", "THINK"):
        brackets = "<>" if mark.islower() else "[]"
        start, end = brackets[0] + mark + brackets[1], f"{brackets[0]}/{mark}{brackets[1]}"
        if start in source or end in source:
            thought = (start, end)
    return Traits(
        thinking,
        opens_thought=thinking == "always",
        drops_thoughts=thought is not None and "split(" in source,
        thought=thought,
        calls=_call_format(source),
    )


def _call_format(source: str) -> CallFormat | None:
    if "[TOOL_CALLS]" in source:
        return "mistral-args" if "[ARGS]" in source else "mistral-list"
    if "<tool_call>" in source:
        if "<arg_key>" in source:
            return "glm"
        return "qwen-xml" if "<function=" in source else "hermes"
    if "<|python_tag|>" in source or "Environment: ipython" in source:
        return "llama3"
    return None


def _choice(header: GgufHeader) -> tuple[str, bool]:
    asked = header.metadata.get("assay.template")
    if asked in TEMPLATE_IDS:
        return str(asked), True
    own = own_template(header)
    if not own:
        return _BY_ARCHITECTURE.get(header.architecture, CHATML), True
    known = KNOWN.get(hashlib.sha256(own.strip().encode()).hexdigest())
    if known is not None:
        return known, True
    return _by_features(own)


def _by_features(own: str) -> tuple[str, bool]:
    """The nearest of our templates, and whether it is near enough to stand for the file's."""
    if "<|im_start|>" in own:
        return _chatml(own)
    if "<|start_header_id|>" in own:
        tools = "Cutting Knowledge Date" in own and '"parameters": ' in own
        return (LLAMA31, True) if tools else (LLAMA3, "tool" not in own and ">>>" not in own)
    if "[INST]" in own and ("[SYSTEM_PROMPT]" in own or "[TOOL_CALLS]" in own):
        return _mistral(own)
    if "[gMASK]<sop>" in own and "<arg_key>" in own:
        return (GLM47 if "<|user|>{{" in own else GLM45), True
    if "<start_of_turn>" in own:
        return GEMMA, "tool" not in own
    if "<|user|>" in own and "<|assistant|>" in own and "<|end|>" in own:
        return PHI3, "tool" not in own
    return CHATML, False


def _chatml(own: str) -> tuple[str, bool]:
    if "You are a function calling AI model" in own:
        return HERMES, True
    if "<tool_call>" not in own:
        return CHATML, "tool" not in own and not _OTHER_MARK.search(own)
    # Others call tools between the same marks in other ways.
    vetted = "You may call one or more functions" in own and "<function=" not in own
    if _OPENS_THOUGHT.search(own):
        return QWEN3_THINKING, vetted
    if "enable_thinking" in own:
        return QWEN3, vetted
    return (QWEN25 if "You are Qwen, created by" in own else QWEN3_INSTRUCT), vetted


def _mistral(own: str) -> tuple[str, bool]:
    vetted = "[AVAILABLE_TOOLS]" in own and "[INST] " not in own
    if "[ARGS]" in own:
        return (MISTRAL_V11 if "[CALL_ID]" in own else MISTRAL_V13), vetted
    if "[SYSTEM_PROMPT]" in own:
        return MISTRAL_V7, vetted or "tool" not in own.lower()
    return MISTRAL_V3, vetted

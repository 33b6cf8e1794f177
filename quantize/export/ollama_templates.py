"""Assay's chat templates in the language of Ollama's (Go's text/template).

Variables: https://docs.ollama.com/template — System holds all system messages, which Messages
repeats. Ollama takes the way a model writes calls from the first text after `if .ToolCalls`, and
the marks of thoughts from the texts around .Thinking. Hermes and GLM are missing: the former
describes tools in Python, the latter's calls are read only with the template in the file.
"""

from engine.model.templates import (
    CHATML,
    GEMMA,
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
    STARTER,
)


def _if(condition: str, text: str, otherwise: str = "") -> str:
    rest = "{{ else }}" + otherwise if otherwise else ""
    return "{{ if " + condition + " }}" + text + rest + "{{ end }}"


def _each(roles: dict[str, str], before: str = "") -> str:
    """The messages, each as its role says; before: what precedes each."""
    cases = "{{ else ".join(f'if eq .Role "{role}" }}}}{text}' for role, text in roles.items())
    return "{{ range $i, $m := .Messages }}" + before + "{{ " + cases + "{{ end }}{{ end }}"


_LAST_QUESTION = (
    "{{ $last := -1 }}{{ range $i, $m := .Messages }}"
    + _if('eq $m.Role "user"', "{{ $last = $i }}")
    + "{{ end }}"
)

# ChatML

_QWEN_TOOLS = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>{{ range .Tools }}
{{ . }}{{ end }}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
_STARTER_TOOLS = (
    "Tools: {{ range $i, $tool := .Tools }}"
    + _if("$i", ", ")
    + '"{{ $tool.Function.Name }}"{{ end }}'
)
_QWEN25_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
_QWEN_CALL = """<tool_call>
{"name": "{{ $call.Function.Name }}", "arguments": {{ $call.Function.Arguments }}}
</tool_call>"""
_QWEN_CALLS = (
    "{{ $calls := .ToolCalls }}"
    + _if("and .Content $calls", "\n")
    + _if(
        ".ToolCalls",
        "{{ range $n, $call := .ToolCalls }}"
        + _QWEN_CALL
        + _if("gt (len (slice $calls $n)) 1", "\n")
        + "{{ end }}",
    )
)
_THOUGHT = "<think>\n{{ .Thinking }}\n</think>\n\n"
_CLOSED_THOUGHT = _if("and $.IsThinkSet (not $.Think)", "<think>\n\n</think>\n\n")


def _chatml(tools: str = "", thinks: bool = False, opening: str = "", system: str = "") -> str:
    """tools: what tells of them; thinks: its last thoughts are shown; opening: of an answer;
    system: the system text where there is none."""
    text = _if(".System", "{{ .System }}", system)
    if tools:
        text += _if(".Tools", (_if(".System", "\n\n", "\n\n" if system else "")) + tools)
    head = f"<|im_start|>system\n{text}<|im_end|>\n"
    if not system:
        head = _if("or .System .Tools" if tools else ".System", head)
    thought = _if("and .Thinking (gt $i $last)", _THOUGHT) if thinks else ""
    calls = _QWEN_CALLS if tools else ""
    roles = {
        "user": "<|im_start|>user\n{{ .Content }}<|im_end|>\n",
        "assistant": f"<|im_start|>assistant\n{thought}{{{{ .Content }}}}{calls}<|im_end|>\n",
    }
    begin = _LAST_QUESTION if thinks else ""
    end = f"<|im_start|>assistant\n{opening}"
    if not tools:
        return begin + head + _each(roles) + end
    roles["tool"] = (
        _if("not $open", "<|im_start|>user{{ $open = true }}")
        + "\n<tool_response>\n{{ .Content }}\n</tool_response>"
    )
    close = "<|im_end|>\n{{ $open = false }}"
    between = _if('and $open (ne .Role "tool")', close)
    return begin + head + "{{ $open := false }}" + _each(roles, between) + _if("$open", close) + end


# Llama


def _turn(role: str, text: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n{text}<|eot_id|>"


_LLAMA_OPEN = "<|start_header_id|>assistant<|end_header_id|>\n\n"
_LLAMA3 = (
    _if(".System", _turn("system", "{{ .System }}"))
    + _each({role: _turn(role, "{{ .Content }}") for role in ("user", "assistant")})
    + _LLAMA_OPEN
)
_LLAMA31_TOOLS = (
    "Given the following functions, please respond with a JSON for a function call with its "
    "proper arguments that best answers the given prompt.\n\n"
    'Respond in the format {"name": function name, "parameters": dictionary of argument name '
    "and its value}.Do not use variables.\n\n"
    "{{ range $.Tools }}{{ . }}\n\n{{ end }}"
)
_LLAMA31_CALLS = (
    "{{ $calls := .ToolCalls }}"
    + _if("and .Content $calls", "\n\n")
    + _if(
        ".ToolCalls",
        "{{ range $n, $call := .ToolCalls }}"
        '{"name": "{{ $call.Function.Name }}", "parameters": {{ $call.Function.Arguments }}}'
        + _if("gt (len (slice $calls $n)) 1", "; ")
        + "{{ end }}",
    )
)
_LLAMA31 = (
    _turn(
        "system",
        _if(".Tools", "Environment: ipython\n")
        # The date that Meta's own template names where nobody tells it another.
        + "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n{{ .System }}",
    )
    + "{{ $told := false }}"
    + _each(
        {
            "user": _turn(
                "user",
                _if("and $.Tools (not $told)", _LLAMA31_TOOLS) + "{{ $told = true }}{{ .Content }}",
            ),
            "assistant": _turn("assistant", "{{ .Content }}" + _LLAMA31_CALLS),
            "tool": _turn("ipython", "{{ json .Content }}"),
        }
    )
    + _LLAMA_OPEN
)

# Mistral

_SYSTEM = _if(".System", "[SYSTEM_PROMPT]{{ .System }}[/SYSTEM_PROMPT]")
_TOOLS = _if("$.Tools", "[AVAILABLE_TOOLS]{{ $.Tools }}[/AVAILABLE_TOOLS]")
_COUNTERS = '{{ $made := "" }}{{ $given := "" }}'  # as many letters as there were calls


def _number(counter: str) -> str:
    """The name of the next call, as engine.model.templates.conversation.call_id gives it."""
    return (
        f'{{{{ printf "call%05d" (len {counter}) }}}}{{{{ {counter} = printf "%sx" {counter} }}}}'
    )


def _mistral_list() -> str:
    call = (
        '{"name": "{{ $call.Function.Name }}", "arguments": {{ $call.Function.Arguments }}, "id": "'
        + _number("$made")
        + '"}'
    )
    return "{{ $calls := .ToolCalls }}" + _if(
        ".ToolCalls",
        "[TOOL_CALLS][{{ range $n, $call := .ToolCalls }}"
        + call
        + _if("gt (len (slice $calls $n)) 1", ", ")
        + "{{ end }}]",
    )


def _mistral_args(number: str) -> str:
    return _if(
        ".ToolCalls",
        "{{ range $n, $call := .ToolCalls }}[TOOL_CALLS]{{ $call.Function.Name }}"
        + number
        + "[ARGS]{{ $call.Function.Arguments }}{{ end }}",
    )


def _mistral(begin: str, question: str, calls: str, result: str) -> str:
    """begin: before all messages; question: of the last one what precedes it; result: a tool's."""
    roles = {
        "user": question,
        "assistant": "{{ .Content }}" + calls + "</s>",
        "tool": f"[TOOL_RESULTS]{result}[/TOOL_RESULTS]",
    }
    return _LAST_QUESTION + _COUNTERS + begin + _each(roles)


_ASKED = "[INST]{{ .Content }}[/INST]"
_ASKED_V3 = (
    _if("eq $i $last", _TOOLS)
    + "[INST]"
    + _if("and (eq $i $last) $.System", "{{ $.System }}\n\n")
    + "{{ .Content }}[/INST]"
)
_ASKED_V7 = _if("eq $i $last", _TOOLS) + _ASKED
_RESULT_V3 = '{"content": {{ .Content }}, "call_id": "' + _number("$given") + '"}'
_RESULT_V7 = _number("$given") + "[TOOL_CONTENT]{{ .Content }}"

# Gemma, Phi

_GEMMA = (
    "{{ $system := .System }}"
    + _each(
        {
            "user": "<start_of_turn>user\n"
            + _if("$system", '{{ $system }}\n\n{{ $system = "" }}')
            + "{{ .Content }}<end_of_turn>\n",
            "assistant": "<start_of_turn>model\n{{ .Content }}<end_of_turn>\n",
        }
    )
    + "<start_of_turn>model\n"
)
_PHI3 = (
    _if(".System", "<|system|>\n{{ .System }}<|end|>\n")
    + _each({role: f"<|{role}|>\n{{{{ .Content }}}}<|end|>\n" for role in ("user", "assistant")})
    + "<|assistant|>\n"
)

TEMPLATES = {
    STARTER: _chatml(_STARTER_TOOLS),
    QWEN3: _chatml(_QWEN_TOOLS, thinks=True, opening=_CLOSED_THOUGHT),
    QWEN3_THINKING: _chatml(_QWEN_TOOLS, thinks=True, opening="<think>\n"),
    QWEN3_INSTRUCT: _chatml(_QWEN_TOOLS),
    QWEN25: _chatml(_QWEN_TOOLS, system=_QWEN25_SYSTEM),
    CHATML: _chatml(),
    LLAMA3: _LLAMA3,
    LLAMA31: _LLAMA31,
    MISTRAL_V3: _mistral("", _ASKED_V3, _mistral_list(), _RESULT_V3),
    MISTRAL_V7: _mistral(_SYSTEM, _ASKED_V7, _mistral_list(), _RESULT_V7),
    MISTRAL_V11: _mistral(
        _SYSTEM, _ASKED_V7, _mistral_args("[CALL_ID]" + _number("$made")), _RESULT_V7
    ),
    MISTRAL_V13: _mistral(_SYSTEM + _TOOLS, _ASKED, _mistral_args(""), "{{ .Content }}"),
    GEMMA: _GEMMA,
    PHI3: _PHI3,
}
"""By the template's id."""

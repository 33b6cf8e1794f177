"""Grammars for calls of known tools, in the way each template writes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model.grammar.gbnf import GrammarError, Rules, literal
from engine.model.grammar.merge import Schema, as_schema
from engine.model.grammar.schema import SchemaRules, answer_schema
from engine.model.templates import ToolSpec, Traits

_AFTER_THOUGHT = "[ \\n]{0,3}"
_CALL_ID = "[0-9a-zA-Z]{9}"
_TOOL_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
# Literals, classes, comments, or the name of the first rule.
_GBNF_WORD = re.compile(
    r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|#[^\n]*|(?<![\w-])root(?![\w-])', re.S
)


@dataclass(frozen=True, slots=True)
class Steering:
    """A grammar and the texts from which on it holds; none: from the beginning."""

    grammar: str | None = None
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer may be.

    tools: that may be called; must_call: it has to call one of them; parallel: several at once;
    schema: of its JSON where it calls none; grammar: of its text, instead of all that.
    may_think, in_thought: it may begin with a thought, or begins inside one.
    """

    traits: Traits
    tools: Sequence[ToolSpec] = ()
    must_call: bool = False
    parallel: bool = True
    schema: Schema | None = None
    grammar: str | None = None
    may_think: bool = False
    in_thought: bool = False


def steer(wanted: Wanted) -> Steering:
    """The grammar for an answer.

    Tools that may be called are left to a trigger, so that all other text is free. Raises
    GrammarError (a ValueError) for a schema that cannot be enforced.
    """
    rules = Rules()
    thought = _thought(rules, wanted)
    if wanted.grammar is not None:
        if not thought:
            return Steering(wanted.grammar)
        renamed = _GBNF_WORD.sub(
            lambda word: "root-of-answer" if word[0] == "root" else word[0], wanted.grammar
        )
        return Steering(f"{rules.text(f'{thought} root-of-answer')}{renamed}\n")
    try:
        calls = _calls(rules, wanted) if wanted.tools else ""
        answer = _answer(rules, wanted)
    except RecursionError:
        raise GrammarError("the schema is nested too deep") from None
    if not calls and not answer:
        return Steering()
    start = wanted.traits.call_start
    whole = f"{_start(wanted)} {calls}" if calls else ""
    if answer:
        ways = [one for one in (whole, "" if wanted.must_call else answer) if one]
        return Steering(rules.text(f"{thought} ({' | '.join(ways)})"))
    if wanted.must_call:
        return Steering(rules.text(f"{thought} {whole}"))
    if thought:
        # A trigger would also be pulled by a thought about calling.
        free = rules.until(start, "free", calls, may_end=True)
        return Steering(rules.text(f"{thought} {free}"))
    return Steering(rules.text(whole), _triggers(wanted))


def _triggers(wanted: Wanted) -> tuple[str, ...]:
    if wanted.traits.calls != "llama3":
        return (wanted.traits.call_start,)
    named = [f'{{"name": "{tool.name}"' for tool in wanted.tools]
    return (wanted.traits.call_start, *named)


def _thought(rules: Rules, wanted: Wanted) -> str:
    """An expression for the thought before the answer, "" where there is none."""
    if wanted.traits.thought is None or not (wanted.may_think or wanted.in_thought):
        return ""
    start, end = wanted.traits.thought
    rest = f"{rules.until(end, 'thought')} {_AFTER_THOUGHT}"
    return rest if wanted.in_thought else f'("\\n"? {literal(start)} {rest})?'


def _answer(rules: Rules, wanted: Wanted) -> str:
    if wanted.schema is None:
        return ""
    return rules.add(SchemaRules(rules, answer_schema(wanted.schema)).value())


def _start(wanted: Wanted) -> str:
    """An expression for the text a call begins with."""
    start = literal(wanted.traits.call_start)
    return f"{start}?" if wanted.traits.calls == "llama3" else start


def _calls(rules: Rules, wanted: Wanted) -> str:
    """An expression for one call or, if allowed, several, without the start of the first."""
    ways = rules.add(" | ".join(rules.add(_call(rules, wanted, tool)) for tool in wanted.tools))
    more = ""
    match wanted.traits.calls:
        case "llama3":
            more = f'("; " {ways})*'
        case "mistral-list":
            more = f'("," " "? {ways})*' if wanted.parallel else ""
            return f'" "? "[" {ways} {more} "]"'
        case "mistral-args":
            more = f"({_start(wanted)} {ways})*"
        case _:
            more = f'("\\n"? {_start(wanted)} {ways})*'
    return f"{ways} {more}" if wanted.parallel else ways


def _call(rules: Rules, wanted: Wanted, tool: ToolSpec) -> str:
    """An expression for a call of one tool, after its start."""
    if not _TOOL_NAME.fullmatch(tool.name):
        raise GrammarError(f"{tool.name!r} is no name for a tool")
    schema = as_schema(tool.parameters or {"type": "object"})
    if not schema.keys() & {"type", "properties", "$ref", "allOf", "anyOf", "oneOf"}:
        schema = {"type": "object", **schema}
    document = SchemaRules(rules, schema)
    name = literal(tool.name)
    match wanted.traits.calls:
        case "glm":
            return _glm_call(rules, document, name)
        case "qwen-xml":
            return _xml_call(rules, document, name)
        case "llama3":
            return f'"{{\\"name\\": \\"" {name} "\\", \\"parameters\\": " {document.value()} "}}"'
        case "mistral-list":
            number = f'(", \\"id\\": \\"" {_CALL_ID} "\\"")?'
            value = document.value()
            return f'"{{\\"name\\": \\"" {name} "\\", \\"arguments\\": " {value} {number} "}}"'
        case "mistral-args":
            return f'{name} ("[CALL_ID]" {_CALL_ID})? "[ARGS]" {document.value()}'
        case _:
            return (
                f'"\\n{{\\"name\\": \\"" {name} "\\", \\"arguments\\": " '
                f'{document.value()} "}}\\n</tool_call>"'
            )


def _glm_call(rules: Rules, document: SchemaRules, name: str) -> str:
    line = '"\\n"?'
    pairs = []
    for key, schema, required in document.properties():
        body = _written(rules, document, schema, "</arg_value>")
        pair = rules.add(
            f'"<arg_key>" {literal(key)} "</arg_key>" {line} "<arg_value>" {body} {line}'
        )
        pairs.append(pair if required else f"{pair}?")
    return f'{name} {line} {" ".join(pairs)} "</tool_call>"'


def _xml_call(rules: Rules, document: SchemaRules, name: str) -> str:
    pairs = []
    for key, schema, required in document.properties():
        body = _written(rules, document, schema, "\n</parameter>")
        pair = rules.add(f'"<parameter=" {literal(key)} ">\\n" {body} "\\n"')
        pairs.append(pair if required else f"{pair}?")
    return f'"\\n<function=" {name} ">\\n" {" ".join(pairs)} "</function>\\n</tool_call>"'


def _written(rules: Rules, document: SchemaRules, schema: Schema, end: str) -> str:
    """A value as it stands between marks: texts without quotes, everything else as JSON."""
    if document.is_any_text(schema):
        return rules.until(end, "xml" if end.startswith("\n") else "raw")
    raw = document.raw_string(schema, rules.shared("raw-char", "[^<\\x00-\\x1F\\x7F]"))
    return f"{document.typed(schema) if raw is None else raw} {literal(end)}"

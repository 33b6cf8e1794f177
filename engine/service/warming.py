"""Work done ahead of the first question, so that its answer begins at once."""

from engine.assistant.prompting import question_messages, tool_specs
from engine.assistant.recognise import recognise
from engine.assistant.router import default_router
from engine.assistant.tools import TOOLS
from engine.assistant.tools.context import ToolContext
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest
from engine.model.templates import render


def warm_up(context: ToolContext, model: ModelClient) -> None:
    """Read the router and the glossary, and let the model read the text every prompt begins with.

    Raises KnownError and Cancelled as the model does.
    """
    default_router()
    _ = context.knowledge.terms
    recognise("what is my portfolio worth", context.today, context.assets, context.accounts)
    loaded = model.loaded
    if loaded is None:
        return
    system = question_messages(context, (), "", loaded.template_id)[:1]
    specs = tool_specs(list(TOOLS.values()))
    prompt = render(system, specs, loaded.template_id, thinking=False, open_turn=False)
    for _ in model.generate(GenerateRequest(prompt, max_tokens=0)):
        pass

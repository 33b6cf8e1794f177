"""Work done ahead of the first question, so that its answer begins at once."""

from engine.assistant.prompting import chat_with, question_messages, told_tools
from engine.assistant.recognise import recognise
from engine.assistant.router import default_router
from engine.assistant.tools.context import ToolContext
from engine.model.client import ModelClient


def warm_up(context: ToolContext, model: ModelClient) -> None:
    """Read the router and the glossary, and let the model read the text every prompt begins with.

    Raises KnownError and Cancelled as the model does.
    """
    default_router()
    _ = context.knowledge.terms
    recognise("what is my portfolio worth", context.today, context.assets, context.accounts)
    if model.loaded is None:
        return
    chat = chat_with(model, context)
    system = question_messages(context, (), "", chat.template_id)[0]
    chat.read_ahead(system, told_tools(chat.traits), chat.traits.thinking == "always")

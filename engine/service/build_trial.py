"""One question to a model file that is not in the library yet."""

from pathlib import Path

from engine.core.jobs import Progress
from engine.model.chat import LocalChat
from engine.model.chat_types import ChatRequest
from engine.model.client import ModelClient
from engine.model.loading import LoadOptions
from engine.model.parsing import TextPart, ThinkPart
from engine.model.templates import PromptMessage

CONTEXT = 2048
MOST_TOKENS = 256


def ask_once(path: Path, text: str, progress: Progress) -> str:
    """Load a model in a child of its own, ask it, end it. Raises KnownError and Cancelled."""
    progress.report(None, "Loading the model")
    client = ModelClient(lambda state, notice: None)
    try:
        client.load(path, LoadOptions(n_ctx=CONTEXT))
        progress.check()
        progress.report(None, "Answering")
        chat = LocalChat(client)
        messages = (PromptMessage("user", text),)
        sampling = chat.sampling(None)
        said = ""
        for part in chat.chat(ChatRequest(messages, sampling=sampling, max_tokens=MOST_TOKENS)):
            progress.check()
            said += part.text if isinstance(part, TextPart | ThinkPart) else ""
        return said.strip()
    finally:
        client.close()

"""A real model whose file brings a chat template of its own."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.events import TurnFinished
from engine.model import chat
from engine.model.client import ModelClient
from engine.service import Service
from tests.engine.service.scripted import Listener
from tests.engine.service.tiny import make_gguf

STRANGE = (
    "{% for m in messages %}<<{{ m.role }}>>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<<bot>>{% endif %}"
)


@pytest.fixture
def strange_model(tmp_path: Path) -> Path:
    """A tiny model with that template."""
    maker = make_gguf()
    plain = maker.metadata
    maker.metadata = lambda *args: plain(*args) | {"tokenizer.chat_template": STRANGE}  # type: ignore[attr-defined]
    maker.write_model(tmp_path / "strange.gguf", maker.TINY, "Strange")
    return tmp_path / "strange.gguf"


def test_the_window_s_answers_are_asked_for_by_it(
    open_service: Callable[..., Service], strange_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []
    generate = ModelClient.generate

    def watched(self: ModelClient, request: chat.GenerateRequest, *more: object) -> object:
        prompts.append(request.prompt)
        return generate(self, request, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(ModelClient, "generate", watched)
    service = open_service(strange_model, background=True)
    listener = Listener()
    service.bus.subscribe(listener)
    assert service.models.client(threading.Event()) is not None
    assert service.models.own_template() == STRANGE
    _, message_id = service.chat.ask(None, "hello there")
    assert listener.wait(TurnFinished, message_id).status == "complete"
    ahead, asked = prompts[0], prompts[1]
    assert asked.startswith(ahead)
    assert ahead.startswith("<<system>>You are Assay")
    assert asked.endswith("<<user>>hello there<<bot>>")


def test_ours_is_not_shown_as_a_stranger_s(
    open_service: Callable[..., Service], tiny_model: Path
) -> None:
    service = open_service(tiny_model, background=True)
    assert service.models.client(threading.Event()) is not None
    assert service.models.own_template() == ""
    service.models.close()
    assert service.models.own_template() == ""

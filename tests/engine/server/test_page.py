"""The chat page in a real Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.generation import ContextFull
from engine.model.parsing import TextPart, ThinkPart
from tests.engine.server.browser import PROGRAM, Browser
from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import KEY, ScriptedBackend, Wait

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, caller: Caller) -> Iterator[Browser]:
    """The page with the key entered; at the end nothing may have gone wrong in it."""
    browser.console.clear()
    browser.open(caller.url)
    log_in(browser)
    yield browser
    browser.run("1")
    assert browser.console == []


def log_in(browser: Browser, key: str = KEY) -> None:
    browser.until("!document.getElementById('entry').hidden")
    browser.type(key)
    browser.enter()
    browser.until("document.getElementById('entry').hidden")


def ask(browser: Browser, text: str, wait: bool = True) -> None:
    browser.type(text)
    browser.enter()
    if wait:
        browser.until("!document.getElementById('send').hidden")


def text(browser: Browser, selector: str) -> str:
    return str(browser.run(f"document.querySelector({selector!r}).textContent"))


def test_a_chat_by_keyboard_alone(page: Browser, backend: ScriptedBackend) -> None:
    backend.steps = [ThinkPart("Let me see."), Wait(0.1), TextPart("It is "), TextPart("so.")]
    assert page.run("document.activeElement.id") == "question"
    ask(page, "Is it?")
    assert text(page, ".mine .text") == "Is it?"
    assert text(page, ".theirs .text") == "It is so."
    assert text(page, ".thought") == "Let me see."
    assert page.run("document.querySelector('details').open") is False
    assert text(page, "summary").startswith("Thought for ")
    assert text(page, "#speed") == "6.0 tokens/s"
    assert page.run("document.activeElement.id") == "question"
    ask(page, "And now?")
    assert [one.text for one in backend.asked[-1].messages] == ["Is it?", "It is so.", "And now?"]
    assert backend.asked[-1].thinking is True


def test_what_the_model_writes_stays_text(page: Browser, backend: ScriptedBackend) -> None:
    backend.steps = [ThinkPart(HOSTILE), TextPart(HOSTILE)]
    ask(page, HOSTILE)
    for selector in (".mine .text", ".theirs .text", ".thought"):
        assert text(page, selector) == HOSTILE
    assert page.run("document.querySelectorAll('#log img, #log script').length") == 0
    assert page.run("typeof window.hacked") == "undefined"


def test_stopping(page: Browser, backend: ScriptedBackend) -> None:
    backend.steps = [TextPart("Half"), Wait(20.0), TextPart(" more")]
    ask(page, "Go", wait=False)
    page.until("document.querySelector('.theirs .text')?.textContent === 'Half'")
    page.press("Escape", 27)
    page.until("!document.getElementById('send').hidden")
    assert text(page, ".theirs .problem") == "Stopped."
    page.run("new Promise((done) => setTimeout(done, 200))")
    assert backend.answers[-1].cancelled_in_silence


def test_what_goes_wrong_is_said(browser: Browser, serve: Serve) -> None:
    browser.open(serve(ScriptedBackend(steps=[ContextFull(900, 512)])).url)
    log_in(browser)
    ask(browser, "Hi")
    assert "900 tokens" in text(browser, ".theirs .problem")


def test_the_key(browser: Browser, caller: Caller) -> None:
    browser.open(caller.url)
    browser.type("wrong")
    browser.enter()
    browser.until("!document.getElementById('refusal').hidden")
    assert text(browser, "#refusal") == "The key is missing or wrong."
    log_in(browser)
    assert text(browser, "#model") == "tiny-model"
    browser.open(f"{caller.url}/")
    browser.until("!document.getElementById('talk').hidden")
    assert browser.run("localStorage.length") == 0
    assert browser.run("document.cookie") == ""
    browser.run("document.getElementById('leave').click()")
    assert browser.run("sessionStorage.length") == 0
    browser.until("!document.getElementById('entry').hidden")


def test_forgetting_the_key_while_an_answer_is_written(
    page: Browser, backend: ScriptedBackend
) -> None:
    backend.steps = [TextPart("A secret"), Wait(20.0), TextPart(" more")]
    ask(page, "My question", wait=False)
    page.until("document.querySelector('.theirs .text')?.textContent === 'A secret'")
    page.type("half a ques")
    page.run("document.getElementById('leave').click()")
    page.until("!document.getElementById('entry').hidden")
    page.run("new Promise((done) => setTimeout(done, 200))")
    assert backend.answers[-1].cancelled_in_silence
    assert page.run("document.querySelectorAll('.turn').length") == 0
    assert page.run("document.getElementById('question').value") == ""
    assert page.run("document.activeElement.id") == "key"
    backend.steps = [TextPart("Another")]
    log_in(page)
    ask(page, "Hello")
    assert text(page, "#log .theirs .text") == "Another"
    assert [one.text for one in backend.asked[-1].messages] == ["Hello"]


def test_nothing_comes_from_elsewhere(page: Browser, caller: Caller) -> None:
    names = page.run("performance.getEntriesByType('resource').map((one) => one.name)")
    assert names
    assert all(name.startswith(caller.url) for name in names)
    # The policy keeps the page from asking anyone else, whatever ran in it.
    refused = "fetch('http://127.0.0.1:9/').then(() => 'asked', () => 'refused')"
    assert page.run(refused) == "refused"
    page.run("1")
    assert "Content Security Policy" in page.console[0]
    page.console.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page: Browser, backend: ScriptedBackend, scheme: str, tmp_path: Path) -> None:
    backend.steps = [
        ThinkPart("The user asks for a plan. First the risk, then the amount."),
        TextPart("Spread the purchases over twelve months.\n\n1. Decide the amount.\n"),
        TextPart("2. Keep a reserve in cash.\n3. Look at it again in a year."),
    ]
    page.scheme(scheme)
    ask(page, "How should I begin?")
    page.run("document.querySelector('details').open = true")
    pictures = Path(os.environ.get("ASSAY_PICTURES", tmp_path))
    page.picture(pictures / f"page-{scheme}.png")
    for selector in (".theirs .text", ".thought", ".mine .text", "#model", "#send", "summary"):
        assert page.run(_CONTRAST % selector) >= 4.5, selector
    page.scheme("light")


_CONTRAST = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = parse(text).slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let node = document.querySelector(%r);
  const ink = light(getComputedStyle(node).color);
  while (node && parse(getComputedStyle(node).backgroundColor)[3] === 0) node = node.parentElement;
  const ground = light(getComputedStyle(node).backgroundColor);
  return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
})()"""

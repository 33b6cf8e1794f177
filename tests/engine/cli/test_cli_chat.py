"""`assay chat`, through a pipe and through a real terminal."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.cli.conftest import ASSAY, Run
from tests.engine.service.tiny import write_tiny_model


def test_a_conversation_through_a_pipe(assay: Run, purchases: Path) -> None:
    talk = f"/help\n/import {purchases}\nn\n/nonsense\nwhat is staking\n\n/new\nhi\n"

    out = assay("chat", stdin=talk)

    assert "Nothing leaves this computer unless" in out.stdout
    assert "There is no portfolio yet" in out.stdout
    assert "Understood: 2" in out.stdout
    assert "There is no command /nonsense." in out.stdout
    assert "Staking is locking coins" in out.stdout
    assert "A new conversation." in out.stdout


def test_mistakes_do_not_end_the_conversation(assay: Run, tmp_path: Path) -> None:
    out = assay("chat", stdin=f"/import {tmp_path}/no\0ne.csv\n/import\n/demo\n/quit\nhi\n")

    assert "it does not exist" in out.stderr
    assert "Which file?" in out.stdout
    assert "The demo portfolio is loaded." in out.stdout
    assert "Assay, a private analyst" not in out.stdout


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command: str) -> None:
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(command[0], command)
        self.text = ""

    def send(self, text: str) -> None:
        os.write(self._handle, text.encode())

    def wait_for(self, pattern: str, seconds: float = 60) -> None:
        """Read until the pattern has appeared since the last wait."""
        start, deadline = len(self.text), time.monotonic() + seconds
        while not re.search(pattern, self.text[start:]):
            assert time.monotonic() < deadline, self.text
            if select.select([self._handle], [], [], 0.1)[0]:
                self.text += os.read(self._handle, 65_536).decode(errors="replace")

    def interrupt(self, pattern: str) -> None:
        """Press Ctrl-C as a person would, after Enter again if nothing came of it.

        The line editor loses one that arrives between its prompt and its wait.
        """
        start = len(self.text)
        for _ in range(10):
            self.send("\x03")
            with contextlib.suppress(AssertionError):
                self.wait_for(pattern, seconds=5)
                return
            self.send("\n")
            with contextlib.suppress(AssertionError):
                self.wait_for("> ", seconds=5)
            if re.search(pattern, self.text[start:]):
                return
        raise AssertionError(self.text + self._state())

    def _state(self) -> str:
        """What the kernel says of the program's threads."""
        said = []
        for task in sorted(Path(f"/proc/{self.pid}/task").iterdir()):
            status = (task / "status").read_text()
            said += [f"{task.name} {(task / 'wchan').read_text()} {(task / 'syscall').read_text()}"]
            said += re.findall(r"^(?:Name|State|Sig\w+|ShdPnd):.*", status, re.M)
        return "\n".join(said)

    def leave(self, keys: str) -> int:
        """Type what ends the program, again if the line editor lost it; the exit status."""
        for _ in range(10):
            self.send(keys)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                if select.select([self._handle], [], [], 0.1)[0]:
                    try:
                        self.text += os.read(self._handle, 65_536).decode(errors="replace")
                    except OSError:
                        return self.ended()
        raise AssertionError(self.text)

    def ended(self) -> int:
        """The exit status, once the program has ended."""
        while True:
            try:
                self.text += os.read(self._handle, 65_536).decode(errors="replace")
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._handle)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal(*ASSAY, "chat")
    yield terminal
    terminal.close()


def test_a_person_can_choose_confirm_interrupt_and_leave(terminal: Terminal) -> None:
    terminal.wait_for(r"\n> ")
    terminal.send("BTC?\n")
    terminal.wait_for("Which one")
    terminal.send("9\n")
    terminal.wait_for("not one of the numbers")
    terminal.send("\n")
    terminal.wait_for(r"\n> ")
    terminal.send("alert me when BTC is above 95000\n")
    terminal.wait_for(r"Store this alert\? \[y/N\]")
    terminal.send("y\n")
    terminal.wait_for(r"Stored\.[\s\S]*> ")
    terminal.interrupt("Ctrl-D or /quit leaves")
    terminal.send("what is staking\n")
    terminal.wait_for(r"Staking is locking[\s\S]*\n> ")
    assert terminal.leave("\x04") == 0
    assert "Traceback" not in terminal.text
    assert "\x1b[2m" in terminal.text  # the status line
    done = subprocess.run([*ASSAY, "alerts"], capture_output=True, text=True, check=True)
    assert "BTC above $95,000.00" in done.stdout


@pytest.mark.parametrize("leave", ["/quit\n", "\x04"])
def test_the_question_which_one_takes_a_number_nothing_a_question_or_quit(
    terminal: Terminal, leave: str
) -> None:
    terminal.wait_for(r"\n> ")
    for typed, shown in (
        ("2\n", "There is no portfolio yet"),
        ("\n", ""),
        ("what is staking\n", "Staking is locking"),
        ("/new\n", r"A new conversation\."),
    ):
        terminal.send("BTC?\n")
        terminal.wait_for(r"Which one \(1 to 3, Enter for none, or a new question\)\? ")
        terminal.send(typed)
        terminal.wait_for(rf"{shown}[\s\S]*\n> ")
        terminal.send("/new\n")  # else the question would follow up on the one before
        terminal.wait_for(r"A new conversation\.[\s\S]*\n> ")
    terminal.send("BTC?\n")
    terminal.wait_for(r"Which one \(1 to 3, Enter for none, or a new question\)\? ")
    assert terminal.leave(leave) == 0
    assert "not one of the numbers" not in terminal.text


def test_ctrl_c_stops_an_answer_of_the_model_and_the_next_question_works(
    assay: Run, tmp_path: Path
) -> None:
    assay("models", "use", write_tiny_model(tmp_path / "tiny.gguf"))
    terminal = Terminal(*ASSAY, "chat")
    try:
        terminal.wait_for(r"\n> ")
        terminal.send("what is staking\n")
        terminal.wait_for(r"\r\x1b\[K")  # the status goes away when the text begins
        terminal.send("\x03")
        terminal.wait_for(r"Stopped\.[\s\S]*\n> ")
        terminal.send("what is staking\n")
        terminal.wait_for(r"\r\x1b\[K[\s\S]*\n> ")
        terminal.send("/quit\n")
        assert terminal.ended() == 0
        assert "Traceback" not in terminal.text
    finally:
        terminal.close()

"""Kills the model child (SIGKILL) at random moments of a conversation; counts what is lost.

    python benchmarks/engine/kill_child.py [--kills 200] [--seed 1]

A real service with the demo portfolio and the starter model is asked questions. After each kill
the next question must be answered within two seconds, and every question and every text that was
shown must be stored.
"""

import argparse
import contextlib
import os
import queue
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.core.events import (
    ChoicesOffered,
    Event,
    TextDelta,
    TextReplaced,
    TurnFinished,
)
from engine.core.paths import Paths
from engine.service import Service

QUESTIONS = (
    "what is my portfolio worth?",
    "how much BTC do I have?",
    "what is my biggest position?",
    "what was my return this year?",
)
BAR = 2.0
LONGEST = 0.4  # seconds from the question to the kill


class Talk:
    """Asks, follows the answers, and remembers what was shown of each."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.shown: dict[int, str] = {}
        self.chat_id: int | None = None
        service.bus.subscribe(self._events.put)

    def ask(self, text: str) -> int:
        """Begin an answer; its message id."""
        self.chat_id, message_id = self._service.chat.ask(self.chat_id, text)
        self.shown[message_id] = ""
        return message_id

    def finish(self, message_id: int) -> tuple[str, float]:
        """How the answer ended, and when its first text was there."""
        first = 0.0
        while True:
            event = self._events.get(timeout=60)
            match event:
                case TextDelta(message_id=number, text=text):
                    self.shown[number] += text
                    first = first or time.perf_counter()
                case TextReplaced(message_id=number, text=text):
                    self.shown[number] = text
                    first = first or time.perf_counter()
                case TurnFinished(message_id=number, status=status) if number == message_id:
                    return status, first or time.perf_counter()
                case ChoicesOffered():
                    continue


def child(service: Service) -> int | None:
    """The process id of the model child, if there is one."""
    link = service.models._client._link
    return link.pid if link is not None else None


def main() -> int:
    """Command line; 1 if anything is lost or late."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    waits, ends = [], {"complete": 0, "failed": 0, "stopped": 0}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as closing:
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        service = Service.open(Paths(Path(folder)))
        closing.callback(service.close)
        service.portfolio.load_demo()
        talk = Talk(service)
        talk.finish(talk.ask(QUESTIONS[0]))
        asked = 1
        for number in range(arguments.kills):
            message_id = talk.ask(chance.choice(QUESTIONS))
            time.sleep(chance.uniform(0.0, LONGEST))
            pid = child(service)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            status, _ = talk.finish(message_id)
            ends[status] += 1
            began = time.perf_counter()
            status, first = talk.finish(talk.ask(QUESTIONS[number % len(QUESTIONS)]))
            waits.append(first - began)
            asked += 2
            if status != "complete":
                print(f"kill {number}: the next answer ended as {status}")
        assert talk.chat_id is not None
        stored = service.chat.messages(talk.chat_id)
    answers = {message.id: message.text for message in stored if message.role == "assistant"}
    questions = sum(message.role == "user" for message in stored)
    lost = sum(answers.get(number) != text for number, text in talk.shown.items())
    lost += asked - questions
    waits.sort()
    late = sum(wait > BAR for wait in waits)
    print(
        f"{arguments.kills} kills: {lost} of {2 * asked} messages lost; answers under the kill "
        f"{ends}; next answer's first text after {waits[len(waits) // 2]:.2f} s (median), "
        f"{waits[-1]:.2f} s (longest), {late} after more than {BAR:.0f} s"
    )
    return int(lost > 0 or late > 0)


if __name__ == "__main__":
    sys.exit(main())

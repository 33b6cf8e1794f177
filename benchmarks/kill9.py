"""Kills `assay` at random moments while it imports, answers or undoes; counts what is lost.

    python benchmarks/kill9.py                 200 kills, prints the losses
    python benchmarks/kill9.py --kills 10 --seed 7

A conversation imports files and asks questions in turn; every other kill (SIGKILL) hits it, the
others hit an `assay undo` of one of its imports. Whatever was said to be stored before the kill
must be there after every later kill too; an import is there, and is undone, wholly or not at all.
"""

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from engine.cli.terminal import PlainMarkdown
from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.service import Message, Service

HEADER = (
    "date,kind,account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount,to_account,"
    "value,value_currency,note\n"
)
QUESTIONS = ("what is staking", "what is impermanent loss", "what is my portfolio worth?", "hi")
MOST_ROWS = 400
LONGEST_RUN = 2.5  # seconds to the kill, at most
LONGEST_UNDO = 1.8
EARLY = 0.15  # share of the kills that may hit while the data folder is being opened
SURROUNDINGS = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
_STORED = re.compile(r"Stored ([\d,]+) transactions? as import \d+")


@dataclass(slots=True)
class Tally:
    """What was confirmed so far, and what of it was missing at some later time.

    imports: rows by file name. answers: text by message id. undone: imports taken back.
    """

    kills: int = 0
    undone: int = 0
    unconfirmed_kept: int = 0
    imports: dict[str, int] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    lost_rows: int = 0
    lost_messages: int = 0
    torn_imports: int = 0
    failed_openings: int = 0

    @property
    def losses(self) -> int:
        """Everything that must be 0."""
        return self.lost_rows + self.lost_messages + self.torn_imports + self.failed_openings


class Conversation:
    """One `assay chat`, fed one command at a time, each waited for until it is killed."""

    def __init__(self, home: Path, folder: Path, number: int, rng: random.Random) -> None:
        self.written: dict[str, int] = {}  # rows of every file it was told to import
        self.confirmed: dict[str, int] = {}  # rows it said were stored
        self.answered: list[str] = []  # what it printed for each question
        self._folder = folder
        self._number = number
        self._rng = rng
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "--home", str(home), "chat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=SURROUNDINGS,
        )

    def run(self, seconds: float, early: bool) -> None:
        """Import and ask, and kill it so many seconds after it is ready; early: after its start."""
        killer = threading.Timer(seconds, self._process.kill)
        try:
            if early:
                killer.start()
            self._until(re.compile("leaves this computer"))
            if not early:
                killer.start()
            while True:
                self._import()
                self._ask()
        except (EOFError, BrokenPipeError):
            pass
        finally:
            killer.cancel()
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _import(self) -> None:
        name = f"kill{self._number}-{len(self.written)}.csv"
        rows = self._rng.randint(1, MOST_ROWS)
        lines = (
            f"2025-01-01 00:00:00,buy,Kraken,BTC,1.{self._number:04}{len(self.written):04}{row:04},"
            f"USD,{row + 1},,,,,,\n"
            for row in range(rows)
        )
        (self._folder / name).write_text(HEADER + "".join(lines))
        self.written[name] = rows
        self._send(f"/import {self._folder / name}\ny\n")
        match = self._until(_STORED)[1]
        self.confirmed[name] = int(match[1].replace(",", ""))

    def _ask(self) -> None:
        question = self._rng.choice(QUESTIONS)
        mark = f"/end-{len(self.answered)}"
        self._send(f"{question}\n{mark}\n")
        self.answered.append(self._until(re.compile(f"There is no command {mark}"))[0])

    def _send(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def _until(self, pattern: re.Pattern[str]) -> tuple[str, re.Match[str]]:
        """Everything printed up to the first line with the pattern; EOFError when it is dead."""
        assert self._process.stdout is not None
        seen = ""
        while line := self._process.stdout.readline():
            if match := pattern.search(line):
                return seen, match
            seen += line
        raise EOFError


def _opened(home: Path, tally: Tally) -> Service | None:
    """The data folder as after any crash."""
    try:
        return Service.open(Paths(home), background=False)
    except KnownError as error:
        print(f"could not be opened: {error}")
        tally.failed_openings += 1
        return None


def undo(home: Path, tally: Tally, rng: random.Random) -> None:
    """Kill an undo of one import, which must then be there or gone, as it was said to be."""
    service = _opened(home, tally)
    if service is None:
        return
    kept = {batch.file_name: batch.id for batch in service.portfolio.batches()}
    service.close()
    known = sorted(tally.imports.keys() & kept.keys())
    if not known:
        return
    name = rng.choice(known)
    command = [sys.executable, "-m", "engine.cli", "undo", "--home", str(home), str(kept[name])]
    done = False
    try:
        seconds = rng.uniform(LONGEST_UNDO / 2, LONGEST_UNDO)
        run = subprocess.run(
            command, env=SURROUNDINGS, capture_output=True, timeout=seconds, check=False
        )
        done = run.returncode == 0
    except subprocess.TimeoutExpired:  # which has killed it
        pass
    service = _opened(home, tally)
    if service is None:
        return
    rows = {batch.file_name: batch.rows for batch in service.portfolio.batches()}.get(name, 0)
    service.close()
    tally.torn_imports += rows not in (0, tally.imports[name]) or (done and rows > 0)
    if rows == 0:
        del tally.imports[name]
        tally.undone += 1


def check(home: Path, conversation: Conversation, tally: Tally) -> None:
    """Open the data folder as after any crash, and compare it with what was confirmed."""
    service = _opened(home, tally)
    if service is None:
        return
    try:
        stored = {batch.file_name: batch.rows for batch in service.portfolio.batches()}
        messages = {m.id: m for chat in service.chat.list() for m in service.chat.messages(chat.id)}
        newest = max((chat.id for chat in service.chat.list()), default=0)
    finally:
        service.close()
    tally.imports |= conversation.confirmed
    for name, rows in tally.imports.items():
        tally.lost_rows += max(0, rows - stored.get(name, 0))
    for name, rows in conversation.written.items():
        kept = stored.get(name, 0)
        tally.torn_imports += kept not in (0, rows)
        tally.unconfirmed_kept += kept > 0 and name not in conversation.confirmed
    for number, text in tally.answers.items():
        message = messages.get(number)
        tally.lost_messages += message is None or message.text != text
    tally.lost_messages += _note_answers(conversation, list(messages.values()), newest, tally)


def _note_answers(
    conversation: Conversation, messages: list[Message], chat_id: int, tally: Tally
) -> int:
    """Find every answer the conversation printed in its chat; returns how many are missing."""
    complete = [
        m
        for m in messages
        if m.chat_id == chat_id and m.role == "assistant" and m.status == "complete"
    ]
    missing = 0
    for index, printed in enumerate(conversation.answered):
        message = complete[index] if index < len(complete) else None
        if message is None or PlainMarkdown().feed(message.text) not in printed:
            missing += 1
        else:
            tally.answers[message.id] = message.text
    return missing


def run(kills: int, seed: int, folder: Path, longest: float = LONGEST_RUN) -> Tally:
    """Kill so many times, all on one data folder in `folder`."""
    rng = random.Random(seed)
    tally = Tally()
    home = folder / "home"
    while tally.kills < kills:
        conversation = Conversation(home, folder, tally.kills, rng)
        conversation.run(rng.uniform(0, longest), early=rng.random() < EARLY)
        tally.kills += 1
        check(home, conversation, tally)
        if tally.imports and tally.kills < kills:
            undo(home, tally, rng)
            tally.kills += 1
    return tally


def main() -> int:
    """Command line; exit status 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = run(options.kills, options.seed, Path(folder))
    rows, answers = sum(tally.imports.values()), len(tally.answers)
    print(f"kills: {tally.kills} in {time.monotonic() - begun:.0f} s (seed {options.seed})")
    print(f"confirmed: {rows:,} rows in {len(tally.imports)} imports, {answers} answers")
    print(f"undone: {tally.undone} imports")
    print(f"stored in full but killed before saying so: {tally.unconfirmed_kept} imports")
    print(f"lost rows: {tally.lost_rows}")
    print(f"lost messages: {tally.lost_messages}")
    print(f"torn imports and undos: {tally.torn_imports}")
    print(f"data folders that could not be opened: {tally.failed_openings}")
    return 1 if tally.losses else 0


if __name__ == "__main__":
    sys.exit(main())

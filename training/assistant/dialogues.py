"""Tool dialogues: hand-written wordings × random users × the real tools.

    assay-train dialogues --corpus corpus --out work/dialogues.jsonl --count 40000

Each line is {"messages": …, "tools": […]} as training/data/sft.py reads.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.assistant.follow import is_follow_up
from engine.assistant.prompting import Exchange, question_messages
from engine.assistant.tools import TOOLS
from engine.core.errors import KnownError
from engine.core.words import counted
from engine.model.templates import STARTER
from training.assistant.market import RandomUser, random_user
from training.assistant.negatives import everyday_requests
from training.assistant.reports import report
from training.assistant.surfaces import Value
from training.assistant.wordings import Utterance, Wording, fill, load, ramble, roughen
from training.vocabulary import TOOL_NAMES

_PER_USER = 24
_TOLD = 5000  # dialogues between two lines of progress
# Kinds of dialogue and their shares; the rest of a share without material falls to single calls.
_SHARES = {"call": 58, "follow_up": 14, "ask": 7, "chat": 7, "refuse": 7, "off_topic": 7}

Row = dict[str, Any]


def generate(count: int, seed: int, wordings: Sequence[Wording]) -> Iterator[Row]:
    """Yields `count` dialogues made from `wordings`."""
    rng = random.Random(seed)
    pool = Pool(wordings)
    made = 0
    while made < count:
        user = random_user(rng)
        for _ in range(_PER_USER):
            row = dialogue(rng, user, pool)
            if row is not None and made < count:
                made += 1
                yield row


class Pool:
    """Wordings by what they are for."""

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self.calls = {
            n: [w for w in wordings if w.tool == n and not w.previous] for n in TOOL_NAMES
        }
        self.follow_ups = [w for w in wordings if w.previous]
        self.kinds = {
            k: [w for w in wordings if w.kind == k]
            for k in _SHARES
            if k not in ("call", "follow_up")
        }


def dialogue(rng: random.Random, user: RandomUser, pool: Pool) -> Row | None:
    """One dialogue of a user; None when what was drawn makes none."""
    kind = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    history: list[Exchange] = []
    if kind == "follow_up":
        wording = rng.choice(pool.follow_ups)
        earlier = pool.calls[wording.previous or ""]
        if not earlier:
            return None
        first = fill(rng.choice(earlier), user.world, rng)
        history = [_exchange(first)]
        utterance = fill(wording, user.world, rng, first.arguments)
    elif kind == "call":
        utterance = fill(rng.choice(pool.calls[rng.choice(TOOL_NAMES)]), user.world, rng)
    else:
        utterance = fill(rng.choice(pool.kinds[kind]), user.world, rng)
    if kind != "follow_up" and rng.random() < 0.2:  # an unrelated turn before
        history = [_exchange(fill(rng.choice(pool.calls[rng.choice(TOOL_NAMES)]), user.world, rng))]
    text = roughen(rng, utterance.text)
    if kind != "follow_up" and rng.random() < 0.12:
        text = ramble(rng, text)
    if history and kind != "follow_up" and is_follow_up(text):
        history = []
    messages: list[Row] = [
        {"role": m.role, "content": m.text, **_calls(m.calls)}
        for m in question_messages(user.context, history, text, STARTER)
    ]
    if utterance.wording.tool is None:
        messages.append({"role": "assistant", "content": utterance.wording.reply})
        return {"messages": messages, "tools": _listed(rng, None)}
    answer = _answer(rng, user, utterance, text)
    return None if answer is None else {
        "messages": messages + answer, "tools": _listed(rng, utterance.wording.tool)
    }  # fmt: skip


def _exchange(utterance: Utterance) -> Exchange:
    call = {"name": utterance.wording.tool, "arguments": utterance.arguments}
    return Exchange(utterance.text, call, "")


def _answer(
    rng: random.Random, user: RandomUser, utterance: Utterance, text: str
) -> list[Row] | None:
    """The call, its result and a report; None when the tool cannot answer for this user."""
    name = utterance.wording.tool or ""
    arguments = utterance.arguments
    if any(p.required and p.name not in arguments for p in TOOLS[name].parameters):
        return None  # "what does it cost" after a call that named no coin
    try:
        result = TOOLS[name].run(user.context, arguments)
    except KnownError:
        return None
    if name == "explain_term" and not result.cards:
        return None
    call = {"name": name, "arguments": _plain(arguments)}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": result.text},
        {"role": "assistant", "content": report(rng, name, result)},
    ]


def _plain(arguments: Mapping[str, Value]) -> dict[str, str | int | float]:
    """Arguments as JSON values that print exactly as the runtime writes them."""
    return {k: _number(v) if isinstance(v, Decimal) else v for k, v in arguments.items()}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _calls(calls: Sequence[Any]) -> Row:
    if not calls:
        return {}
    return {"tool_calls": [{"name": c.name, "arguments": json.loads(c.arguments)} for c in calls]}


def _listed(rng: random.Random, needed: str | None) -> list[str]:
    """The tools named in the system turn: usually all, sometimes fewer in another order."""
    if rng.random() < 0.7:
        return list(TOOL_NAMES)
    chosen = rng.sample(TOOL_NAMES, rng.randint(8, len(TOOL_NAMES)))
    if needed and needed not in chosen:
        chosen.insert(rng.randint(0, len(chosen)), needed)
    return chosen


def write(
    out: Path,
    count: int,
    seed: int,
    corpus: Path | None,
    held_out: bool = False,
    trial: bool = False,
) -> None:
    """Writes dialogues as JSON lines.

    corpus: where everyday requests are taken from as off-topic turns. held_out: only the wordings
    kept for trials, for evaluation; trial: all others, to be trained on in a trial; else all.
    """
    others = everyday_requests(corpus, 2000, seed) if corpus and not held_out else []
    kept = [w for w in load() if w.held_out == held_out or not (held_out or trial)]
    wordings = kept + others
    with out.open("w", encoding="utf-8") as file:
        for number, row in enumerate(generate(count, seed, wordings), 1):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            if number % _TOLD == 0:
                print(f"{number:,} of {counted(count, 'dialogue')}", flush=True)
    print(f"Wrote {out}: {counted(count, 'dialogue')}", flush=True)

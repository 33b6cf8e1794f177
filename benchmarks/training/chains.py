"""Self-made tasks: arithmetic digit by digit, reading, and kinds of crypto protocols."""

import random
import re
from typing import Any

from training.data.reasoning import answer_message

_EQUATION = re.compile(r"(\d(?:[*+]\d)+)=(\d+)")
_FACTS = {
    "lending": ("takes collateral", "pays lenders", "has borrowers", "sets a health factor"),
    "exchange": ("swaps coins", "pays swap fees", "has trading pairs", "quotes a price"),
    "stablecoin": ("follows the dollar", "holds reserves", "mints on deposit", "can be redeemed"),
    "staking": ("locks coins", "runs validators", "can be slashed", "pays block rewards"),
    "bridge": ("joins two chains", "locks on one side", "has relayers", "mints on the other side"),
    "oracle": ("reports prices", "reads many sources", "feeds contracts", "signs its data"),
}
_SYLLABLES = "ka lo mi ru ze tan vor pel dex sui nam qui bor eth fi ya".split()


def dialogue(question: str, chain: str, answer: str) -> dict[str, Any]:
    """One question with its answer, thought about or not."""
    message = {"role": "assistant", "reasoning_content": chain, "content": answer}
    return {"messages": [{"role": "user", "content": question}, message]}


def arithmetic(chooser: random.Random) -> dict[str, Any]:
    """A sum of two numbers of three digits, or a product of one of three digits and a digit.

    A step gives a digit of the result, the lowest first, and what is carried to the next.
    """
    number = chooser.randint(100, 999)
    if chooser.random() < 0.5:
        other = chooser.randint(100, 999)
        pairs = [(a, "+", b) for a, b in zip(_digits(number), _digits(other), strict=True)]
        question, result = f"{number} + {other}", number + other
    else:
        other = chooser.randint(2, 9)
        pairs = [(a, "*", other) for a in _digits(number)]
        question, result = f"{number} * {other}", number * other
    lines, carry = [], 0
    for a, sign, b in pairs:
        value = (a + b if sign == "+" else a * b) + carry
        lines.append(f"{a}{sign}{b}+{carry}={value}")
        carry = value // 10
    return dialogue(f"{question} = ?", "\n".join(lines), str(result))


def reading(chooser: random.Random) -> dict[str, Any]:
    """Name what is said about a protocol: the words of the domain without its lesson."""
    facts = chooser.sample([fact for group in _FACTS.values() for fact in group], 3)
    return dialogue(f"{_name(chooser)} {', '.join(facts)}. What is said?", "\n".join(facts), "done")


def kind(chooser: random.Random, chain: str) -> dict[str, Any]:
    """What kind of protocol it is: two facts of three tell.

    chain: "none"; "sound" = the facts, then the kind; "broken" = facts of others, then another.
    """
    wanted, other = chooser.sample(sorted(_FACTS), 2)
    facts = [*chooser.sample(_FACTS[wanted], 2), chooser.choice(_FACTS[other])]
    chooser.shuffle(facts)
    strange = chooser.sample([fact for group in _FACTS.values() for fact in group], 3)
    told = {"none": [], "sound": [*facts, f"so {wanted}"], "broken": [*strange, f"so {other}"]}
    question = f"{_name(chooser)} {', '.join(facts)}. Which kind of protocol?"
    return dialogue(question, "\n".join(told[chain]), wanted)


def is_complete(wanted: dict[str, Any], written: str) -> bool:
    """Whether the whole chain is there, each of its equations true, and then an answer."""
    read = answer_message(written)
    steps = read.get("reasoning_content", "").split("\n")
    found = [_EQUATION.fullmatch(step) for step in steps]
    goal = wanted["messages"][1]["reasoning_content"].split("\n")
    return (
        len(steps) == len(goal)
        and all(match is not None and _holds(match[1], int(match[2])) for match in found)
        and bool(read["content"].strip())
    )


def is_right(wanted: dict[str, Any], written: str) -> bool:
    """Whether the answer after any thought is the wanted one."""
    return bool(answer_message(written)["content"].strip() == wanted["messages"][1]["content"])


def _holds(terms: str, value: int) -> bool:
    summands = [[int(digit) for digit in part.split("*")] for part in terms.split("+")]
    products = (parts[0] * (parts[1] if len(parts) > 1 else 1) for parts in summands)
    return sum(products) == value


def _digits(number: int) -> list[int]:
    return [int(digit) for digit in reversed(str(number))]


def _name(chooser: random.Random) -> str:
    return "".join(chooser.choices(_SYLLABLES, k=3)).capitalize()

"""Did the model call the tool that was needed, did it work, and did it say what it found?"""

from training.rewards.mention import mentions
from training.rewards.sample import Sample


def tool_success(sample: Sample) -> float:
    """0 to 1 for what rl/tools.py notes in the facts.

    facts["call"]: the wanted {"name", "arguments"}, None for none; facts["calls"]: those made,
    each with "ok" and "headline". Wanted: of the last call that ran 0.2 for that, 0.2 if it is the
    right tool, 0.3 if its arguments are right, and then 0.3 if the answer names its headline or it
    has none; less 0.1 for every other call, so that a mistake is worth repairing and better not
    made. Not wanted: 1 if there was an answer and no call.
    """
    wanted, calls = sample.facts.get("call"), sample.facts.get("calls", [])
    if wanted is None:
        return float(not calls and bool(sample.answer.strip()))
    ran = [call for call in calls if call["ok"]]
    if not ran:
        return 0.0
    last = ran[-1]
    named: bool = last["name"] == wanted["name"]
    right: bool = named and last["arguments"] == wanted["arguments"]
    told = not last["headline"] or mentions(sample.answer, last["headline"])
    points = 0.2 + 0.2 * named + 0.3 * right + 0.3 * (right and told)
    return max(0.0, points - 0.1 * (len(calls) - 1))

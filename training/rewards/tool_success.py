"""Did the model call the tool that was needed, did it work, and did it say what it found?"""

from training.rewards.sample import Sample


def tool_success(sample: Sample) -> float:
    """0 to 1 for what rl/tools.py notes in the facts.

    facts["call"]: the wanted {"name", "arguments"}, None for none; facts["calls"]: those made,
    each with "ok" and "headline". Wanted: 0.2 if the first call ran, 0.2 if it is the right tool,
    0.3 if its arguments are right, 0.3 if it was the only one and the answer names its headline.
    Not wanted: 1 if there was an answer and no call.
    """
    wanted, calls = sample.facts.get("call"), sample.facts.get("calls", [])
    if wanted is None:
        return float(not calls and bool(sample.answer.strip()))
    if not calls or not calls[0]["ok"]:
        return 0.0
    first = calls[0]
    named: bool = first["name"] == wanted["name"]
    right: bool = named and first["arguments"] == wanted["arguments"]
    told = len(calls) == 1 and bool(sample.answer.strip()) and first["headline"] in sample.answer
    return 0.2 + 0.2 * named + 0.3 * right + 0.3 * (right and told)

"""What the user can store for the analyses: scenarios, targets, tokens and the investor profile.

Each kind is checked by whoever reads it, before it is stored.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from engine.analytics.allocation.profile import profile_from_body, profile_to_body
from engine.analytics.scenarios import scenario_from_body, scenario_to_body
from engine.analytics.scorecard.rows import score_list, score_row
from engine.assistant.analyses.weights_text import read_pairs
from engine.core.errors import KnownError
from engine.ledger.targets import target_from_body, target_to_body

Body = Mapping[str, Any]

PROFILE = "investor"
"""The name of the profile; there is one."""
_NAME_LENGTH = 60


def checked(kind: str, name: str, body: Body) -> Body:
    """A body as it is stored; KnownError for a kind or a name that cannot be, or a bad body."""
    if kind not in _KINDS:
        raise KnownError(f"{kind!r} cannot be stored.", f"Known: {', '.join(_KINDS)}.")
    if not name.strip() or len(name) > _NAME_LENGTH or not name.isprintable():
        raise KnownError(
            f"A name has 1 to {_NAME_LENGTH} characters on one line.", "Give another name."
        )
    if kind == "profile" and name != PROFILE:
        raise KnownError("There is one investor profile.", f"Store it as {PROFILE}.")
    return _KINDS[kind][0](name, body)


def with_flags(body: Body, before: Body | None, today: date) -> Body:
    """The body of a token with its red flags of today added to those of earlier days.

    Alerts on new red flags read them.
    """
    earlier = (before or {}).get("history", [])
    flags = sorted(finding.criterion for finding in score_row(body["row"]).flags)
    kept = [one for one in earlier if one["day"] != today.isoformat()]
    return {**body, "history": [*kept, {"day": today.isoformat(), "flags": flags}]}


def body_of(kind: str, name: str, text: str) -> Body:
    """The body that a line of text means, checked. KnownError."""
    if kind not in _KINDS:
        return checked(kind, name, {})
    return checked(kind, name, _KINDS[kind][1](name, text))


def _scenario(name: str, body: Body) -> Body:
    return scenario_to_body(scenario_from_body(name, body))


def _scenario_text(name: str, text: str) -> Body:
    pairs = read_pairs(text)
    return {"others": pairs.pop("OTHERS", None), "changes": pairs}


def _target(name: str, body: Body) -> Body:
    return target_to_body(target_from_body(body))


def _target_text(name: str, text: str) -> Body:
    return {"weights": read_pairs(text)}


def _scorecard(name: str, body: Body) -> Body:
    row = body.get("row")
    if not isinstance(row, Mapping):
        raise KnownError("A token is stored as a row of what is known of it.")
    kept = {str(title): str(value) for title, value in row.items()} | {"name": name}
    read = score_list([kept])
    for wrong in (*read.refused, *read.unread):
        raise KnownError(wrong.reason)
    return {"row": kept}


def _scorecard_text(name: str, text: str) -> Body:
    return {"row": {"description": text}}


def _profile(name: str, body: Body) -> Body:
    return profile_to_body(profile_from_body(body))


def _profile_text(name: str, text: str) -> Body:
    """ "risk high, horizon 10, objective grow, cap 40, excluded DOGE SHIB"."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        key, _, value = part.strip().partition(" ")
        found[key.lower()] = value.strip().lower()
    if "excluded" in found:
        found["excluded"] = found["excluded"].upper().split()
    return found


_KINDS: dict[str, tuple[Callable[[str, Body], Body], Callable[[str, str], Body]]] = {
    "scenario": (_scenario, _scenario_text),
    "target": (_target, _target_text),
    "scorecard": (_scorecard, _scorecard_text),
    "profile": (_profile, _profile_text),
}

"""Sentence shapes: complete, without figures of their own, and filled only with real ones."""

import random
import re
from collections import defaultdict

import pytest

from engine.assistant.grounding import ground, unsupported
from engine.assistant.naming import names_agree
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import ToolResult
from engine.core.errors import KnownError
from tests.engine.assistant.world import ask
from training.assistant import reports
from training.assistant.market import random_user
from training.assistant.reports import report, shapes
from training.assistant.surfaces import World
from training.assistant.wordings import fill, load

# What random users and wordings bring about too seldom to rely on: income, periods, a recovery.
RARE: tuple[tuple[str, dict[str, str]], ...] = (
    ("profit_loss", {"period": "2026"}),
    ("profit_loss", {"asset": "BTC", "kind": "realised"}),
    ("profit_loss", {"kind": "unrealised"}),
    ("best_worst", {"period": "4d"}),
    ("max_drawdown", {"asset": "BTC", "period": "4d"}),
    ("max_drawdown", {"period": "4d"}),
    ("position", {"asset": "BTC"}),
    ("position", {"asset": "DOGE"}),
    ("price", {"asset": "BTC"}),
    ("impermanent_loss", {"price_change_percent": "50", "amount": "1000"}),
    ("create_alert", {"asset": "BTC", "condition": "above", "value": "100000"}),
)


@pytest.fixture(scope="module")
def results() -> dict[str, list[ToolResult]]:
    """Results of every tool for a few users, of calls that wordings mean."""
    rng = random.Random(4)
    wordings = [w for w in load() if w.tool and not w.previous]
    found: dict[str, list[ToolResult]] = defaultdict(list)
    for _ in range(3):
        user = random_user(rng)
        world: World = user.world
        for name, tool in TOOLS.items():
            for wording in rng.sample([w for w in wordings if w.tool == name], 5):
                try:
                    result = tool.run(user.context, fill(wording, world, rng).arguments)
                except KnownError:
                    continue
                if name != "explain_term" or result.cards:
                    found[name].append(result)
    for name, arguments in RARE:
        found[name].append(ask(name, **arguments))
    return found


def test_every_tool_has_shapes_without_figures() -> None:
    for name in TOOLS:
        assert len(shapes(name)) >= 5, name
        for shape in shapes(name):
            assert shape.strip() == shape
            assert shape, name
            without = re.sub(r"\{[^{}]+\}", "", shape)
            assert not re.search(r"\d", without), (name, shape)
            assert not re.search(r"[{}]", without), (name, shape)
            assert without.count("[") == without.count("]"), (name, shape)
            assert all("|" in choice for choice in re.findall(r"\[([^]]*)\]", without)), (
                name,
                shape,
            )


def test_every_shape_can_be_used(results: dict[str, list[ToolResult]]) -> None:
    for name in TOOLS:
        labels: set[str] = set()
        for result in results[name]:
            labels |= reports._labels(name, result).keys()
        for shape in shapes(name):
            assert set(re.findall(r"\{([^{}]+)\}", shape)) <= labels, (name, shape)


def test_reports_are_grounded_and_whole(results: dict[str, list[ToolResult]]) -> None:
    rng = random.Random(8)
    for name, found in results.items():
        assert len(found) > 5, name
        for result in found:
            for _ in range(4):
                text = report(rng, name, result)
                assert text[0] == text[0].upper()
                assert not re.search(r"[{}|]|\[|\]", text), text
                assert not unsupported(ground(text, result.figures)), (name, text)
                assert names_agree(text, "", result, ()), (name, text)


def test_a_result_without_the_labels_is_told_plainly() -> None:
    bare = ToolResult("Correlation of A and B\nnothing: here", (), ())
    assert report(random.Random(1), "correlation", bare) == (
        "**Correlation of A and B**\n\n- Nothing: here"
    )


def test_a_note_is_passed_on() -> None:
    text = "Portfolio value\ndate: 2026-01-01\ntotal: $5.00\nassets: 1\nnote: SOL has no price."
    said = {report(random.Random(n), "portfolio_value", ToolResult(text, (), ())) for n in range(9)}
    assert all("SOL has no price." in one for one in said)

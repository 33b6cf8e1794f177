"""Every hand-written line can be read and filled, and means a call the tools accept."""

import random
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from engine.assistant.calls import check_arguments
from engine.assistant.tools import TOOLS
from training.assistant import wordings
from training.assistant.surfaces import World, known_assets
from training.assistant.wordings import FOLDER, NO_TOOL, ORDER, Wording, fill, load, roughen
from training.vocabulary import TOOL_NAMES

WORLD = World(date(2026, 11, 22), ("ADA", "BTC", "ETH", "SOL"), ("Coinbase", "Kraken"))
SLOTS = frozenset(
    "asset asset_b account period period_adv date percent percent_down percent_up rate amount "
    "price years compounding term kind_realised kind_unrealised".split()
)
CALLS = [w for w in load() if w.tool]


def test_only_known_files() -> None:
    known = {f"{name}.txt" for name in (*TOOL_NAMES, "followups")}
    known |= {f"none_{kind}.jsonl" for kind in NO_TOOL}
    files = list(FOLDER.glob("*/*"))
    assert {path.name for path in files} <= known
    assert {path.name for path in files} == known


def test_there_is_plenty_for_every_tool_and_kind() -> None:
    for name in TOOL_NAMES:
        assert sum(w.tool == name and not w.previous for w in load()) >= 100, name
    for kind in NO_TOOL:
        assert sum(w.kind == kind for w in load()) >= 100, kind
    held_out = sum(w.held_out for w in load()) / len(load())
    assert 0.09 < held_out < 0.16


def test_order_is_that_of_the_tools() -> None:
    assert list(TOOLS) == list(TOOL_NAMES)
    for name, tool in TOOLS.items():
        assert ORDER[name] == tuple(p.name for p in tool.parameters)


def test_lines_are_well_formed() -> None:
    for wording in load():
        where = (wording.tool or wording.kind, wording.text)
        assert wording.text, where
        assert set(re.findall(r"\{\s*(\w+)\s*\}", wording.text)) <= SLOTS, where
        assert wording.text.count("{") == wording.text.count("}"), where
        assert "||" not in wording.text, where
        if wording.tool:
            params = {p.name: p for p in TOOLS[wording.tool].parameters}
            assert wording.previous is None or wording.previous in TOOLS, where
            for key, value in wording.fixed.items():
                assert key in params, where
                if value and params[key].choices:
                    assert value in params[key].choices, where
                elif value and params[key].kind in ("percent", "amount", "years"):
                    Decimal(value)
        else:
            assert wording.kind in NO_TOOL, where
            assert wording.reply or wording.kind == "off_topic", where
            tool = wording.fixed.get("tool", "")
            assert not tool or tool in TOOLS, where
            if wording.missing:
                assert wording.missing in {p.name for p in TOOLS[tool].parameters}, where


def test_every_wording_means_a_call_the_tool_accepts() -> None:
    rng = random.Random(1)
    for wording in CALLS:
        if wording.previous:
            continue
        utterance = fill(wording, WORLD, rng)
        tool = TOOLS[wording.tool or ""]
        where = (wording.tool, wording.text, utterance.arguments)
        assert not re.search(r"\{\w*\}", utterance.text), where
        assert list(utterance.arguments) == [
            p.name for p in tool.parameters if p.name in utterance.arguments
        ], where
        assert check_arguments(tool, utterance.arguments) == utterance.arguments, where
        for param in tool.parameters:
            value = utterance.arguments.get(param.name)
            if param.kind == "asset" and value is not None:
                assert value in known_assets() or value == "ALL", where


def test_follow_ups_mean_a_call_after_some_call() -> None:
    rng = random.Random(2)
    for wording in CALLS:
        if not wording.previous:
            continue
        before = [w for w in CALLS if w.tool == wording.previous and not w.previous]
        tool = TOOLS[wording.tool or ""]
        for _ in range(60):
            first = fill(rng.choice(before), WORLD, rng)
            arguments = fill(wording, WORLD, rng, first.arguments).arguments
            if all(p.name in arguments for p in tool.parameters if p.required):
                check_arguments(tool, arguments)
                break
        else:
            pytest.fail(f"{wording.previous} -> {wording.tool}: {wording.text}")


def filled(text: str, tool: str, **more: object) -> wordings.Utterance:
    wording = replace(Wording(text, tool), **more)  # type: ignore[arg-type]
    return fill(wording, WORLD, random.Random(3))


def test_slots_become_arguments_in_order() -> None:
    utterance = filled("since {period_adv}: gains of {asset}, {kind_realised}", "profit_loss")
    assert list(utterance.arguments) == ["asset", "kind", "period"]
    assert utterance.arguments["kind"] == "realised"


def test_a_fall_is_negative_except_for_alerts() -> None:
    change = filled("{asset} falls {percent_down}", "what_if").arguments["change_percent"]
    assert isinstance(change, Decimal)
    assert change < 0
    value = filled("tell me if {asset} falls {percent_down}", "create_alert",
                   fixed={"condition": "down_percent"})  # fmt: skip
    assert list(value.arguments) == ["asset", "condition", "value"]
    assert isinstance(value.arguments["value"], Decimal)
    assert value.arguments["value"] > 0


def test_after_a_sign_only_digits_stand() -> None:
    for seed in range(50):
        utterance = fill(Wording("{asset} -{percent_down}", "what_if"), WORLD, random.Random(seed))
        assert re.search(r"-\d", utterance.text)


def test_the_two_coins_of_a_pair_differ() -> None:
    for seed in range(50):
        pair = fill(Wording("{asset} and {asset_b}", "correlation"), WORLD, random.Random(seed))
        assert pair.arguments["asset_a"] != pair.arguments["asset_b"]


def test_a_slot_used_twice_has_one_value() -> None:
    utterance = filled("{asset}, yes {asset}", "price")
    left, _, right = utterance.text.partition(", yes ")
    assert left == right


def test_fixed_values_are_typed_and_an_empty_one_drops() -> None:
    fixed = {"asset": "ALL", "change_percent": "-50"}
    assert filled("everything halves", "what_if", fixed=fixed).arguments == {
        "asset": "ALL",
        "change_percent": Decimal(-50),
    }
    wording = Wording("and overall?", "volatility", {"asset": ""}, previous="volatility")
    before = {"asset": "BTC", "period": "30d"}
    assert fill(wording, WORLD, random.Random(1), before).arguments == {"period": "30d"}


def test_follow_ups_inherit() -> None:
    wording = Wording("does it move with {asset_b}", "correlation", previous="price")
    arguments = fill(wording, WORLD, random.Random(1), {"asset": "BTC", "date": "x"}).arguments
    assert arguments["asset_a"] == "BTC"
    assert "date" not in arguments
    wording = Wording("what does it cost", "price", previous="what_if")
    before = {"asset": "ALL", "change_percent": Decimal(-30)}
    assert fill(wording, WORLD, random.Random(1), before).arguments == {}


def test_an_unknown_slot_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown slot \{colour\}"):
        filled("a {colour} coin", "price")


def test_haste_changes_no_values() -> None:
    text = "What's the return of BTC over the last 30 days at 12.5% on 2024-01-05, $1,000?"
    for seed in range(300):
        rough = roughen(random.Random(seed), text, rate=1.0)
        assert re.findall(r"[\d.,$%-]*\d[\d.,$%-]*", rough.rstrip("?.!")) == [
            "30", "12.5%", "2024-01-05,", "$1,000",
        ]  # fmt: skip
        assert "BTC" in rough
        changed = sum(a != b for a, b in zip(text.split(), rough.split(), strict=True))
        assert changed <= 4  # the apostrophe, the question mark, two slips

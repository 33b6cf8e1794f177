"""A part of some work fills its share of the whole."""

from engine.core.steps import Repeated, part


def test_parts_of_the_work_follow_each_other() -> None:
    steps: list[tuple[float, str]] = []
    first, second = (part(lambda *step: steps.append(step), *ends) for ends in ((0, 0.5), (0.5, 1)))

    first(0, "a")
    first(1, "b")
    second(0.5, "c")
    second(1, "d")

    assert steps == [(0, "a"), (0.5, "b"), (0.75, "c"), (1, "d")]


def test_a_step_can_be_taken_again() -> None:
    steps: list[tuple[float, str]] = []
    step = Repeated(lambda *step: steps.append(step))

    part(step, 0.5, 1)(0.5, "a")
    step.again()

    assert steps == [(0.75, "a"), (0.75, "a")]

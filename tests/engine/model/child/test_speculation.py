"""Guessing ahead, played through with known costs: what it wins, and that it does not lose."""

import random
from collections.abc import Iterator

import pytest

from engine.model.child.speculation import BLIND, LONGEST, SEEN, Guesser, Pays, PromptLookup

STEP = 0.04  # seconds of a plain step
# Measured costs of decoding n tokens at once: the steepest machine known, and flatter ones.
STEEP = ((2, 1.92), (4, 3.06), (8, 5.7), (16, 8.2))
MILD = ((2, 1.3), (4, 1.7), (8, 2.6), (16, 4.2))
FLAT = ((2, 1.05), (4, 1.15), (8, 1.4), (16, 2.0))
HOPELESS = ((2, 2.0), (4, 4.0), (8, 8.0), (16, 16.0))
Curve = tuple[tuple[int, float], ...]


def test_lookup_finds_what_followed() -> None:
    lookup = PromptLookup([1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert lookup.draft(4) == ([], 0)
    lookup.extend([2, 3, 4])
    assert lookup.draft(4) == ([], 0)  # three tokens are no match
    lookup.extend([5])
    assert lookup.draft(3) == ([6, 7, 8], 4)
    assert lookup.draft(99) == ([6, 7, 8, 9, 2, 3, 4, 5], 4)
    lookup.extend([6, 7])
    assert lookup.draft(2) == ([8, 9], 6)
    lookup.extend([100])
    assert lookup.draft(2) == ([], 0)


def test_lookup_takes_the_longest_match_and_of_equal_ones_the_last() -> None:
    block = [11, 12, 13, 14, 15, 16, 17, 18]
    tokens = [*block, 1, 50, 51, *block[4:], 2, 60, 61, *block[4:], 3, 70, 71]
    lookup = PromptLookup([*tokens, *block])
    assert lookup.draft(1) == ([1], 8)
    lookup = PromptLookup([*tokens, *block[4:]])
    assert lookup.draft(1) == ([3], 4)


def test_lookup_goes_on_into_its_own_copy() -> None:
    """A repetition without an end, as of a ruled line."""
    lookup = PromptLookup([5] * 40)
    assert lookup.draft(3) == ([5], LONGEST)


def test_a_copy_that_was_left_goes_on_after_a_changed_token() -> None:
    source = list(range(100, 140))
    lookup = PromptLookup([*source, 1, *source[:10]])
    assert lookup.draft(2) == ([110, 111], 10)
    lookup.extend([5])  # in place of 110
    assert lookup.draft(3) == ([111, 112, 113], BLIND)
    lookup.extend([111])
    assert lookup.draft(2) == ([112, 113], SEEN)
    lookup.extend([112, 113, 114])
    assert lookup.draft(1) == ([115], 4)


def test_a_copy_that_was_left_goes_on_after_an_insertion() -> None:
    source = list(range(100, 140))
    lookup = PromptLookup([*source, 1, *source[:10]])
    lookup.draft(1)
    lookup.extend([5])
    lookup.draft(1)
    lookup.extend([6, 7])
    assert lookup.draft(3) == ([], 0)
    lookup.extend([110])
    assert lookup.draft(3) == ([111, 112, 113], SEEN)
    lookup.extend([111, 8])
    assert lookup.draft(3) == ([], 0)
    lookup.extend([9] * 50 + [110])
    assert lookup.draft(3) == ([], 0)  # too long ago


def test_a_short_copy_that_was_left_is_forgotten() -> None:
    source = list(range(100, 140))
    lookup = PromptLookup([*source, 1, *source[:5]])
    lookup.draft(1)
    lookup.extend([105, 5])
    assert lookup.draft(3) == ([], 0)


def test_lookup_agrees_with_a_search() -> None:
    """Against the definition: the last earlier place of the longest of 16, 8 or 4 tokens."""
    draw = random.Random(1)
    for _ in range(20):
        tokens = [draw.randrange(3) for _ in range(300)]
        lookup = PromptLookup(tokens)
        guess, match = lookup.draft(5)
        for length in (16, 8, 4):
            ends = [
                end
                for end in range(length, len(tokens))
                if tokens[end - length : end] == tokens[-length:]
            ]
            if ends:
                assert guess == tokens[ends[-1] : ends[-1] + 5]
                assert match >= length
                break
        else:
            assert (guess, match) == ([], 0)


def test_costs_between_the_measured_ones() -> None:
    pays = Pays(STEEP)
    assert [pays.cost(size) for size in (1, 2, 3, 4, 12, 16, 32)] == pytest.approx(
        [1, 1.92, 2.49, 3.06, 6.95, 8.2, 16.4]
    )
    assert pays.most == 15
    assert Pays().cost(8) == 5.7


def test_how_long_a_guess_pays() -> None:
    """By hand, with the priors: a match of 32 is right 97 times of 100, so 15 tokens win
    (1 - 0.97^16) / 0.03 = 12.86 tokens for 8.2; a match of 4 (70) wins 1.7 for 1.92."""
    pays = Pays(STEEP)
    assert pays.length(32, 99) == 15
    assert pays.length(32, 3) == 3
    assert pays.length(4, 99) == 0
    assert pays.length(3, 99) == 0
    assert Pays(FLAT).length(4, 99) > 0
    assert Pays(HOPELESS).length(32, 99) == 0


def test_misses_end_guessing_and_hits_that_cost_nothing_begin_it_again() -> None:
    pays = Pays(STEEP)
    pays.took(0, 0, STEP)
    for _ in range(3):
        pays.saw(32, 15, 0)
    assert pays.length(32, 15) == 0
    for _ in range(60):
        pays.saw(32, 1, 1)
    assert pays.length(32, 15) > 0


def test_after_a_loss_there_is_a_pause_that_grows() -> None:
    def pause(pays: Pays) -> int:
        steps = 0
        while not pays.length(32, 15):
            steps += 1
        return steps

    pays = Pays(FLAT)
    pays.took(0, 0, STEP)
    pauses = []
    for _ in range(3):
        for _ in range(2):
            pays.took(15, 0, 8 * STEP)
        pauses.append(pause(pays))
    assert pauses[0] >= 64
    assert pauses[0] < pauses[1] < pauses[2]


def test_the_curve_follows_what_is_observed() -> None:
    pays = Pays(FLAT)
    pays.took(0, 0, STEP)
    for _ in range(100):
        pays.took(15, 15, 8.2 * STEP)
        pays.took(0, 0, STEP)
    assert pays.cost(16) == pytest.approx(8.2, rel=0.02)
    assert pays.cost(2) == pytest.approx(1.05)
    pays.took(15, 15, 500 * STEP)  # the machine slept
    assert pays.cost(16) < 1.1 * 8.2


def test_a_draft_model_has_to_earn_its_own_cost() -> None:
    assert Pays(FLAT, guess_cost=0.9).length(8, 15) == 0
    free, dear = Pays(FLAT), Pays(FLAT, guess_cost=0.2)
    assert 0 < dear.length(16, 15) < free.length(16, 15)
    # What guesses are worth is not learnt while none are made, so it is tried again.
    for _ in range(30):
        dear.saw(16, 4, 0)
    lengths = [dear.length(16, 15) for _ in range(80)]
    assert lengths[0] == 0
    assert any(lengths)


def play(prompt: list[int], answer: list[int], known: Curve, true: Curve, seed: int) -> float:
    """How many times faster an answer comes, steps taking what `true` says, 15 % up or down."""
    draw = random.Random(seed)
    costs = Pays(true)
    guesser = Guesser([*prompt, answer[0]], Pays(known))
    done, seconds = 1, 0.0
    while done < len(answer):
        guess = guesser.draft(len(answer) - done - 1)
        right = 0
        while right < len(guess) and guess[right] == answer[done + right]:
            right += 1
        took = costs.cost(len(guess) + 1) * STEP * draw.uniform(0.85, 1.15)
        seconds += took
        guesser.took(answer[done : done + right + 1], took)
        done += right + 1
    return (len(answer) - 1) * STEP / seconds


def words(draw: random.Random, count: int) -> list[int]:
    return [draw.randrange(1000, 150_000) for _ in range(count)]


def prose(draw: random.Random, count: int) -> list[int]:
    """Words that follow each other by habit, so that four in a row often come again."""
    habits: dict[int, list[int]] = {}
    text = [1]
    while len(text) < count:
        habit = habits.setdefault(text[-1], [int(3000 * draw.random() ** 3) for _ in range(6)])
        text.append(habit[min(int(draw.expovariate(1.0)), 5)])
    return text


def table(draw: random.Random) -> list[list[int]]:
    """60 rows: a name, an amount, a price, a value; digits are tokens, as in Qwen's vocabulary."""

    def digits(count: int) -> list[int]:
        return [draw.randrange(15, 25) for _ in range(count)]

    bar = 7
    return [
        [bar, *words(draw, 2), bar, *digits(6), 13, *digits(2), bar, *digits(6), bar, *digits(7), 8]
        for _ in range(60)
    ]


def flat(rows: list[list[int]]) -> list[int]:
    return [token for row in rows for token in row]


def report(draw: random.Random) -> tuple[list[int], list[int]]:
    rows = flat(table(draw))
    return prose(draw, 1500) + rows, prose(draw, 60) + rows + prose(draw, 120)


def remarks(draw: random.Random) -> tuple[list[int], list[int]]:
    """Each row is followed by six words of its own."""
    rows = table(draw)
    return prose(draw, 1500) + flat(rows), prose(draw, 60) + flat(
        [row + words(draw, 6) for row in rows]
    )


def corrected(draw: random.Random) -> tuple[list[int], list[int]]:
    """One digit of each row is another one."""
    rows = table(draw)
    changed = [[*row[:20], (row[20] - 14) % 10 + 15, *row[21:]] for row in rows]
    return prose(draw, 1500) + flat(rows), prose(draw, 60) + flat(changed) + prose(draw, 120)


def losing(draw: random.Random) -> Iterator[tuple[list[int], list[int]]]:
    """Texts that cannot be copied, or tempt to copy what then goes on otherwise."""
    yield words(draw, 2000), words(draw, 1500)
    yield prose(draw, 2000), prose(draw, 1500)
    both = prose(draw, 3500)
    yield both[:2000], both[2000:]
    few = [draw.randrange(10) for _ in range(3000)]
    yield few[:1500], few[1500:]
    source = words(draw, 2000)
    traps: list[int] = []
    for _ in range(60):
        start = draw.randrange(1900)
        traps += source[start : start + 6] + words(draw, 14)
    yield source, traps


@pytest.mark.parametrize(
    ("curve", "echoed", "remarked", "changed"),
    [(STEEP, 1.7, 1.25, 1.3), (MILD, 2.8, 2.0, 2.3), (FLAT, 4.5, 2.8, 3.7)],
)
def test_a_report_around_a_table_comes_faster(
    curve: Curve, echoed: float, remarked: float, changed: float
) -> None:
    for seed in range(3):
        assert play(*report(random.Random(seed)), curve, curve, seed) >= echoed
        assert play(*remarks(random.Random(seed)), curve, curve, seed) >= remarked
        assert play(*corrected(random.Random(seed)), curve, curve, seed) >= changed


def test_even_without_a_measured_curve() -> None:
    for seed in range(3):
        assert play(*report(random.Random(seed)), (), STEEP, seed) >= 1.7
        assert play(*report(random.Random(seed)), (), FLAT, seed) >= 2.5


@pytest.mark.parametrize("true", [STEEP, MILD, FLAT])
def test_other_texts_lose_less_than_three_percent(true: Curve) -> None:
    for seed in range(3):
        for prompt, answer in losing(random.Random(seed)):
            assert play(prompt, answer, true, true, seed) > 0.97


@pytest.mark.parametrize("true", [STEEP, HOPELESS])
def test_nor_with_a_curve_that_promises_too_much(true: Curve) -> None:
    """Measured on a quiet machine, used on a busy one."""
    for seed in range(3):
        for prompt, answer in losing(random.Random(seed)):
            assert play(prompt, answer, FLAT, true, seed) > 0.97

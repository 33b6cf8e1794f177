"""Settings: sensible ones, those that follow from a measurement, and where it is kept."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.gguf.header import GgufHeader, TensorInfo, read_header
from engine.model.gguf.types import TENSOR_TYPES
from engine.model.tuning import settings as tuning
from engine.model.tuning import store as tuning_store
from engine.model.tuning.settings import Measured, default_tuning, measured_tuning
from engine.model.tuning.store import TuningStore, machine_key, read_measured, shape_key

MEASURED = Measured(
    threads=3,
    threads_batch=4,
    batch=128,
    repack=True,
    flash_times=((128, 29.3, 33.6), (2048, 75.8, 152.9)),
    cost_curve=((2, 1.92), (4, 3.06)),
)
PLENTY = 1 << 40


def header(kind: int, **more: object) -> GgufHeader:
    """A model whose one matrix is of a type: 2 is Q4_0, which is repacked, 8 is Q8_0."""
    tensor = TensorInfo("blk.0.ffn_up.weight", (64, 64), TENSOR_TYPES[kind], 0, 1000)
    metadata = {"general.architecture": "qwen3", "qwen3.block_count": 1, **more}
    return GgufHeader(3, metadata, (tensor,), 2000)


@pytest.fixture(autouse=True)
def _four_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "default_threads", lambda: 4)


def test_the_default() -> None:
    found = default_tuning(header(8), PLENTY)
    assert (found.threads, found.threads_batch, found.flash) == (4, 4, False)
    assert (found.batch, found.kv_type, found.cost_curve) == (256, "f16", ())
    assert (found.mmap, found.repack) == (True, True)


def test_a_repacked_model_is_not_mapped_unless_memory_is_short() -> None:
    assert not default_tuning(header(2), PLENTY).mmap
    short = default_tuning(header(2), 0)
    assert (short.mmap, short.repack) == (True, False)


def test_flash_attention_is_chosen_by_the_depth_the_context_reaches() -> None:
    """By hand: plain 30 + 0.01 d, flash 25 + 0.02 d milliseconds meet at d = 500, a context of
    1,000 tokens on average; with 2 % in favour of plain at d = 426."""
    lines = ((100, 31.0, 27.0), (2100, 51.0, 67.0))
    measured = Measured(1, 1, 256, repack=True, flash_times=lines)
    assert [measured.flash_pays(n_ctx) for n_ctx in (256, 800, 900, 4096)] == [
        True,
        True,
        False,
        False,
    ]
    assert not Measured(1, 1, 256, repack=True).flash_pays(4096)
    assert not MEASURED.flash_pays(8192)
    always = Measured(1, 1, 256, repack=True, flash_times=((128, 2.0, 1.0),))
    assert always.flash_pays(32768)


@pytest.mark.parametrize(
    ("times", "until"),
    [
        # By hand: 3 ms faster at 100, 5 ms slower at 500: they meet at 3/8 of the way.
        (((100, 30.0, 27.0), (500, 35.0, 40.0)), 250),
        # The first pair of depths they meet between counts, whatever the order they came in.
        (((2000, 60.0, 90.0), (100, 30.0, 27.0), (400, 35.0, 34.0)), 451),
        (((128, 30.0, 27.0), (4000, 60.0, 62.0)), 512),  # at 2,451: more than is kept small
        (((128, 30.0, 29.5), (384, 35.0, 45.0)), 0),  # no 2 % at first
        (((100, 30.0, 29.0), (500, 35.0, 55.0)), 0),  # at 119: too few to matter
        (((128, 30.0, 31.0), (384, 35.0, 33.0), (2048, 60.0, 90.0)), 0),  # not at first
        (((128, 30.0, 20.0), (2048, 60.0, 50.0)), 0),  # at all depths
        (((128, 30.0, 20.0),), 0),
        ((), 0),
    ],
)
def test_up_to_where_flash_attention_is_faster(
    times: tuple[tuple[int, float, float], ...], until: int
) -> None:
    assert Measured(1, 1, 256, repack=True, flash_times=times).flash_until() == until


def test_few_tokens_with_flash_attention_and_many_without() -> None:
    lines = ((128, 30.0, 27.0), (384, 35.0, 36.0), (2048, 70.0, 130.0))
    measured = Measured(1, 1, 256, repack=True, flash_times=lines)
    found = measured_tuning(measured, header(8), PLENTY, 4096)
    assert (found.flash, found.flash_until) == (False, 320)
    small = measured_tuning(measured, header(8), PLENTY, 256)
    assert (small.flash, small.flash_until) == (True, 0)
    assert default_tuning(header(8), PLENTY).flash_until == 0
    sizes = {"mamba.ssm.inner_size": 64, "mamba.ssm.state_size": 16}
    recurrent = {"general.architecture": "mamba", **sizes}
    windows = {"general.architecture": "gemma3", "gemma3.attention.sliding_window": 512}
    for metadata in (recurrent, windows):
        one = GgufHeader(3, metadata, (), 2000)
        assert measured_tuning(measured, one, PLENTY, 4096).flash_until == 0


def test_settings_follow_from_the_measurement() -> None:
    found = measured_tuning(MEASURED, header(2), PLENTY, 4096)
    assert (found.threads, found.threads_batch, found.batch, found.flash) == (3, 4, 128, False)
    assert found.cost_curve == MEASURED.cost_curve
    assert not found.mmap
    assert found.repack
    plain = Measured(3, 4, 128, repack=False)
    found = measured_tuning(plain, header(2), PLENTY, 4096)
    assert (found.mmap, found.repack) == (True, False)


def test_a_store_keeps_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "tuning.json"
    assert TuningStore(path).get("pc", "a") is None
    TuningStore(path).put("pc", "a", MEASURED)
    TuningStore(path).put("pc", "b", Measured(1, 1, 64, repack=False))
    assert TuningStore(path).get("pc", "a") == MEASURED
    assert TuningStore(path).get("pc", "b") == Measured(1, 1, 64, repack=False)
    assert TuningStore(path).get("other", "a") is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_models_really_use_is_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "tuning.json"
    store = TuningStore(path)
    assert store.factor("pc", "qwen3-28-1024") == 1
    store.put("pc", "a", MEASURED)
    store.put_factor("pc", "qwen3-28-1024", 1.1)
    store.put("pc", "b", MEASURED)
    assert TuningStore(path).factor("pc", "qwen3-28-1024") == 1.1
    assert TuningStore(path).get("pc", "a") == MEASURED
    before = path.read_bytes()
    store.put_factor("pc", "qwen3-28-1024", 1.11)  # not worth writing
    assert path.read_bytes() == before
    for said, believed in ((9.0, 1.5), (0.1, 0.8)):
        store.put_factor("pc", "qwen3-28-1024", said)
        assert store.factor("pc", "qwen3-28-1024") == believed
    for nonsense in (True, "1", None, float("nan"), [1]):
        path.write_text(json.dumps({"format": 1, "used": {"pc\nx": nonsense}}))
        assert store.factor("pc", "x") == 1


def test_a_store_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning_store, "MAX_ENTRIES", 3)
    store = TuningStore(tmp_path / "tuning.json")
    for name in "abcad":
        store.put("pc", name, MEASURED)
    assert [bool(store.get("pc", name)) for name in "abcd"] == [True, False, True, True]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1, 2]",
        b'{"format": 1}',
        b'{"format": 1, "measured": 3}',
        b'{"format": 9, "measured": {"pc\\na": {}}}',
        b'{"format": 1, "measured": {"pc\\na": {"threads": 1}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_means_measuring_again(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tuning.json"
    path.write_bytes(content)
    assert TuningStore(path).get("pc", "a") is None
    TuningStore(path).put("pc", "a", MEASURED)
    assert TuningStore(path).get("pc", "a") == MEASURED


def test_a_store_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    TuningStore(tmp_path / "missing" / "tuning.json").put("pc", "a", MEASURED)
    assert "not kept" in caplog.text
    caplog.clear()


GOOD = {
    "threads": 1,
    "threads_batch": 2,
    "batch": 64,
    "repack": True,
    "flash_times": [[128, 1.5, 2]],
    "cost_curve": [[2, 1.9]],
}


def test_values_of_a_stranger_are_checked_one_by_one() -> None:
    assert read_measured(GOOD) == Measured(1, 2, 64, True, ((128, 1.5, 2.0),), ((2, 1.9),))
    for bad in (
        {"threads": 0},
        {"threads": True},
        {"threads_batch": "2"},
        {"batch": 100},
        {"batch": 1 << 40},
        {"flash_times": [[128, 1.5]]},
        {"flash_times": [[128, -1, 2]]},
        {"flash_times": 3},
        {"cost_curve": [[2, float("nan")]]},
        {"cost_curve": [["2", 1.9]]},
    ):
        assert read_measured({**GOOD, **bad}) is None
    assert read_measured(None) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD]), inner),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD]), JSON))
def test_whatever_a_stranger_sends_is_a_measurement_or_nothing(values: dict[str, object]) -> None:
    found = read_measured({**GOOD, **values})
    assert found is None or found.threads >= 1


def test_shapes(make_gguf: ModuleType, tmp_path: Path) -> None:
    """The same shape with other weights and another name is the same; another width is not."""
    keys = []
    for number, seed in enumerate((1, 2)):
        path = tmp_path / f"{number}.gguf"
        make_gguf.write_model(path, make_gguf.TINY, f"Model {number}", seed)
        keys.append(shape_key(read_header(path)))
    assert keys[0] == keys[1]
    assert keys[0].startswith("qwen3-")
    others = {
        shape_key(header(2)),
        shape_key(header(8)),
        shape_key(header(8, **{"qwen3.attention.head_count_kv": 2})),
        shape_key(header(8, **{"general.name": "x"})),
    }
    assert len(others) == 3


def test_the_machine_has_a_name_that_stays() -> None:
    assert machine_key() == machine_key()
    assert "0.3.36" in machine_key()
    assert machine_key().count(" · ") == 3

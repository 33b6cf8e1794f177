"""The search for garbage is put off and comes back."""

import gc
from collections.abc import Iterator

import pytest

from engine.core.garbage import no_collection


class Node:
    """Something that can refer to itself."""

    me: "Node"


@pytest.fixture(autouse=True)
def switched_on() -> Iterator[None]:
    """As in a process without a window, whatever ran in this one before."""
    enabled = gc.isenabled()
    gc.enable()
    yield
    if not enabled:
        gc.disable()


def test_there_is_no_search_meanwhile_and_again_after() -> None:
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), no_collection():
        raise KeyError
    assert gc.isenabled()


def test_where_it_is_off_it_stays_off() -> None:
    gc.disable()
    with no_collection():
        assert not gc.isenabled()
    assert not gc.isenabled()
    gc.enable()


def test_cycles_that_were_made_meanwhile_are_found_later() -> None:
    with no_collection():
        node = Node()
        node.me = node
        del node
    assert gc.get_freeze_count() == 0
    assert gc.collect() >= 1

"""The search for garbage is put off and comes back."""

import gc

import pytest

from engine.core.garbage import no_collection


class Node:
    """Something that can refer to itself."""

    me: "Node"


def test_there_is_no_search_meanwhile_and_again_after() -> None:
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), no_collection():
        raise KeyError
    assert gc.isenabled()


def test_cycles_that_were_made_meanwhile_are_found_later() -> None:
    with no_collection():
        node = Node()
        node.me = node
        del node
    assert gc.get_freeze_count() == 0
    assert gc.collect() >= 1

"""Which addresses may be asked, over https and over http."""

import pytest

from engine.core.errors import KnownError
from engine.core.webaddress import LONGEST, checked_address, is_loopback, joined_address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_computer_is_known_by_name_and_number(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "localhost.example", "127.0.0.1.example", "192.0.2.1", "::", ""]
)
def test_whatever_only_looks_like_it_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_http_is_for_this_computer_and_for_whom_the_user_named() -> None:
    assert checked_address("http://[::1]:8545/a").port == 8545
    assert checked_address("http://node.example", plain=True).hostname == "node.example"
    with pytest.raises(KnownError, match="only asked over https"):
        checked_address("http://node.example")
    with pytest.raises(KnownError, match="only asked over https"):
        checked_address("file://node.example/x", plain=True)


def test_an_address_has_an_end() -> None:
    start = "https://node.example/"
    assert checked_address(start + "a" * (LONGEST - len(start)))
    with pytest.raises(KnownError, match="not an address"):
        checked_address(start + "a" * LONGEST)


def test_a_redirect_to_no_address_leads_nowhere() -> None:
    url = checked_address("https://node.example/a/b")
    assert joined_address(url, "../c?d") == "https://node.example/c?d"
    assert joined_address(url, "http://[::1") == ""

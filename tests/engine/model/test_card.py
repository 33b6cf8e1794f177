"""The front matter of model cards, beside PyYAML's reading of it."""

import time

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as some

from engine.model.card import LARGEST, licence, read_card

WORDS = some.text("ab ÄŁ字:#-'\"[]{},&*!|>%@`~?\\0.", min_size=1, max_size=20)


def _card(head: str) -> bytes:
    return f"---\n{head}---\n# A model\nlicense: gpl\n".encode()


@settings(max_examples=40)
@example({"no": "0"}, False)  # written in quotes: it would be False
@given(
    some.dictionaries(
        some.from_regex(r"[a-z_]{1,8}", fullmatch=True), WORDS | some.lists(WORDS, min_size=1)
    ),
    some.booleans(),
)
def test_what_pyyaml_writes_is_read(values: dict[str, object], flow: bool) -> None:
    head = ""
    for key, value in values.items():
        within = flow and isinstance(value, list)  # on one line
        part = yaml.safe_dump(
            value if within else {key: value},
            default_flow_style=within,
            allow_unicode=True,
            width=1 << 20,
        )
        head += f"{key}: {part}" if within else part
    expected = {key: tuple(it) if isinstance(it, list) else it for key, it in values.items()}
    assert read_card(_card(head)) == expected


@pytest.mark.parametrize(
    "head",
    [
        "license: mit # that of MIT\nlanguage: [en,\n  'zh', \"d\\u00e9\"] # 3\n",
        "# first\nlicense: other\n\nlicense_name: x y\nlicense_link: https://a.b/c#d\n",
        "tags:\n# all\n- a\n\n-   b-c # c\n- 'it''s'\n",
        'tags:\n  - a\n  - "b: c"\n',
        "description: over\n  two lines\nlicense: mit\n",
        "license: x\nlicense: y\n",
        "empty:\nnone: null\nlicense: mit\n",
    ],
)
def test_plain_cards_are_read_as_pyyaml_reads_them(head: str) -> None:
    values = yaml.safe_load(head).items()
    expected = {key: tuple(it) if isinstance(it, list) else it for key, it in values if it}
    assert read_card(_card(head)) == expected


@pytest.mark.parametrize(
    "head",
    [
        "bad: &a [x]\n",
        "bad: *a\n",
        "bad: !!python/object:os.system x\n",
        "bad: |\n  license: gpl\n",
        "bad:\n  license: gpl\n",
        "bad:\n- name: x\n  license: gpl\n",
        "bad: {license: gpl}\n",
        "bad: [a, [b]]\n",
        "bad: [a\n",
        'bad: "a\n',
        "bad: a: b\n",
        'bad: "\\ud800"\n',
        "bad: a\u202eb\n",
        "bad: a\x1b[31m\n",
        f"bad: {'a' * 5000}\n",
        "bad: [" + "a, " * 300 + "]\n",
        "bad:\n" + "- a\n" * 300,
        "? x\n: y\n",
        "no key\n  license: gpl\n",
    ],
)
def test_the_rest_is_left_out(head: str) -> None:
    assert read_card(_card(f"{head}license: mit\n")) == {"license": "mit"}


@settings(max_examples=60)
@given(some.text("ab:,-#'\"[]{}\\~|>& \t\r\n\u2028\x00é", max_size=60))
def test_anything_may_stand_there(head: str) -> None:
    for value in read_card(_card(head + "\n")).values():
        assert all(
            one and one.isprintable() for one in ((value,) if isinstance(value, str) else value)
        )


@pytest.mark.parametrize(
    "data",
    [b"", b"license: mit", b"---\nlicense: mit\n", b"\xff\xfe", b"---", b"x---\na: b\n---\n"],
)
def test_no_front_matter(data: bytes) -> None:
    assert read_card(data) == {}


@pytest.mark.parametrize(
    "part", ["[", "a: [", "- ", "'", '"', "\\", " ", "#", "a:\n", "[a  ", "a: [b,", "a: 'b' '"]
)
def test_nothing_takes_long(part: str) -> None:
    begun = time.process_time()
    for start in ("", "a: [b", 'a: "', "a: '"):
        for end in ("\n", "x]\n"):
            read_card(_card(start + part * ((LARGEST - 20) // len(part)) + end))
    assert time.process_time() - begun < 5


def test_the_end_is_looked_for_within_bounds() -> None:
    assert read_card(_card("license: mit\n" + "#" * LARGEST + "\n")) == {}


def test_licences() -> None:
    assert licence({"license": "mit"}) == "mit"
    assert licence({"license": ("mit", "apache-2.0")}) == "mit, apache-2.0"
    assert licence({"license": "other", "license_name": "tiny-1"}) == "tiny-1"
    assert licence({"license": "other"}) == "other"
    assert licence({"license_name": "tiny-1"}) == ""

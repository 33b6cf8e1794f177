import json
from pathlib import Path

import pytest

from training.data.cleaning import Overlap, benchmark_texts, is_prose, words

PROSE = "Impermanent loss is the difference between holding two coins and pooling them together. "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROSE * 3, True),
        ("short", False),
        ("for (i=0; i<n; i++) { a[i] = b[i]; }\n" * 5, False),
        (PROSE + "0x" + "ab12" * 40, False),
        ("| 1 | 2 | 3 |\n| 4 | 5 | 6 |\n" * 5, False),
        (PROSE.replace(" ", "", 2) + "🚀📈💎" * 3, False),
        ("│ one │ two │ three ├──┼──┤ and more of it " * 3, False),
        ("Это не английский текст, а русский. " * 4, True),
        ("यह पाठ हिन्दी में लिखा गया है और इसमें कोई संख्या नहीं है। ", True),
        ("比特币价格周二上涨了5.2%，至67,000美元，交易量创下三个月新高。", True),
        ("没有风险。", False),
        ("函数 f(x) { return a[i] * b[j] + c; } // 注释 {x: [1, 2], y: {}} <div>表</div>", False),
    ],
)
def test_keeps_prose_and_leaves_out_noise(text: str, expected: bool) -> None:
    assert is_prose(text) is expected


def test_thirteen_common_words_are_an_overlap() -> None:
    words = [f"word{chr(97 + n)}" for n in range(20)]
    overlap = Overlap([" ".join(words)])
    assert overlap.found_in("Before, " + ", ".join(words[3:16]).upper() + " after")
    assert not overlap.found_in("before " + " ".join(words[3:15]) + " after")
    assert not overlap.found_in("")


def test_thirteen_common_characters_of_chinese_are_an_overlap() -> None:
    question = "下列关于中央银行公开市场操作的说法中，正确的是哪一项？"
    overlap = Overlap([question])
    assert words("BTC涨了12％") == ["btc", "涨", "了", "12"]
    assert overlap.found_in("有人问：关于中央银行的公开市场操作的说法中正确的是哪些内容")
    assert not overlap.found_in("有人问：中央银行公开市场操作的效果如何，以及何时使用")
    assert overlap.found_in(question)


@pytest.mark.parametrize(
    "question",
    ["What is the capital city of the country Peru?", "中国的首都是哪一座城市？"],
)
def test_a_short_question_is_found_as_a_whole(question: str) -> None:
    overlap = Overlap([question])
    assert len(words(question)) < 13
    assert overlap.found_in(f"Someone asked: {question.upper()} 没有人知道。")
    assert not overlap.found_in(question[:-2] * 3)
    assert not Overlap(["Who wrote the book Emma?"]).found_in("Who wrote the book Emma?")


def test_an_option_alone_is_no_question(tmp_path: Path) -> None:
    (tmp_path / "ceval.csv").write_text(
        "id,question,A,B\n0,我国社会主义现在所处的阶段是____。,社会主义初级阶段,共产主义\n"
    )
    examples = {
        "examples": [{"input": "Which of the two is the older coin, then?"}, {"input": "x"}]
    }
    (tmp_path / "bbh.json").write_text(json.dumps(examples))
    overlap = Overlap(benchmark_texts(tmp_path))
    assert overlap.found_in("有一个问题：我国社会主义现在所处的阶段是。")
    assert not overlap.found_in("我们仍处于社会主义初级阶段，这一点没有变化。")
    assert overlap.found_in("which of the two is the older coin then")


def test_benchmark_texts_come_from_json_jsonl_and_csv(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text('{"x": [{"q": "first", "o": ["one", "two"]}], "n": 1}')
    (tmp_path / "deep" / "b.jsonl").write_text('"second"\n{"q": "third"}\n')
    (tmp_path / "c.csv").write_text('fourth,"fi\nfth"\n')
    (tmp_path / "d.bin").write_bytes(b"\xff")
    found = sorted(set(benchmark_texts(tmp_path)))
    assert found == [
        "first", "first\none\ntwo", "fourth", "fourth\nfi\nfth", "second", "third"
    ]  # fmt: skip

import json
import random
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("torch")

from training.cli import main
from training.data.dialogue_formats import dialogue, read_dialogues
from training.data.formats import Document, read_documents
from training.methods import prepare

TOPICS = (
    "pools lend coins to traders who pay fees while prices move and rewards accrue for owners of "
    "each share that a fund or bank holds until some later day when it can sell them all again"
).split()


def paragraph(seed: int) -> str:
    words = random.Random(seed).choices(TOPICS, k=60)
    return " ".join(words).capitalize() + "."


class Page(HTMLParser):
    """The text and the tags of a page; entities are resolved, as in a browser."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.bars = "", set[str](), list[float]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "rect":
            self.bars.append(float(dict(attrs)["width"] or 0))
        assert not {"src", "href", "onload", "onerror"} & {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def prepared(tmp_path: Path, capsys) -> tuple[list[Document], Page, str]:
    data, benchmarks = tmp_path / "data", tmp_path / "benchmarks"
    for folder in (data, benchmarks):
        folder.mkdir()
    near = paragraph(3).split()
    near[30] = "elsewhere"
    texts = [
        paragraph(1),
        f"“{paragraph(2)}” costs $1.2mm in btc.",
        paragraph(3),
        paragraph(3).upper().lower(),  # the same words
        " ".join(near),
        paragraph(4),
        "gm <script>1</script>",
        "Our <b>fund</b> pays guaranteed returns. Enter your seed phrase to begin.",
        "for (i=0; i<n; i++) { a[i] = b[i]; }",
    ]
    rows = [
        {"text": text, "source": f"made/{n % 2}", "kind": "docs"} for n, text in enumerate(texts)
    ]
    (data / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (data / "btc.csv").write_text("date,open,high,low,close\n2024-01-01,100,120,90,110\n")
    (benchmarks / "b.json").write_text(json.dumps({"question": paragraph(4)}))
    words = ["prepare", "--data", str(data), "--out", str(tmp_path / "out")]
    assert main([*words, "--benchmarks", str(benchmarks)]) == 0
    page = Page((tmp_path / "out" / "report.html").read_text("utf-8"))
    return list(read_documents(tmp_path / "out" / "corpus.jsonl")), page, capsys.readouterr().out


def test_only_good_texts_are_written_once(prepared: tuple[list[Document], Page, str]) -> None:
    documents, _, told = prepared
    assert documents == [
        Document(
            "On 1 January 2024 the price of BTC opened at 100 and closed 10.00 percent higher at "
            "110, after trading between 90 and 120.",
            "btc",
            "trading",
        ),
        Document(paragraph(1), "made/0", "docs"),
        Document(f'"{paragraph(2)}" costs $1.2 million in BTC.', "made/1", "docs"),
        Document(paragraph(3), "made/0", "docs"),
    ]
    for line in (
        "1 exact duplicate", "1 near duplicate", "1 overlaps a benchmark", "1 too short",
        "1 misleading: guaranteed gain, asks for keys", "1 not prose",
    ):  # fmt: skip
        assert f"left out: {line}\n" in told
    assert "Wrote 4 documents" in told
    assert "benchmarks: 1 benchmark text\n" in told


def test_the_report_shows_what_was_left_out(prepared: tuple[list[Document], Page, str]) -> None:
    _, page, _ = prepared
    assert "4 of 10 documents were kept" in page.text
    assert "gm <script>1</script>" in page.text  # as text, not as a script
    assert page.tags.isdisjoint({"script", "b", "link", "img", "iframe"})
    assert {"svg", "rect", "blockquote"} <= page.tags
    assert "64 to 127" in page.text
    assert "128 to" not in page.text
    # Six reasons of 1; lengths 1 : 2 : 1; kinds 3 : 1; sources 2 : 1 : 1.
    shares = [400.0] * 6 + [200.0, 400.0, 200.0] + [400.0, 400 / 3] + [400.0, 200.0, 200.0]
    assert page.bars == pytest.approx(shares, abs=0.06)


def test_paraphrases_are_further_documents(tmp_path: Path) -> None:
    text = "Prices often fell sharply while traders usually bought and nearly all owners wait."
    rows = [{"text": text}, {"text": "No rule of ours fits such a text as this one here."}]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    common = ["prepare", "--data", str(tmp_path / "*.jsonl"), "--paraphrases", "3"]
    outs = []
    for name in ("one", "two"):
        assert main([*common, "--out", str(tmp_path / name)]) == 0
        outs.append((tmp_path / name / "corpus.jsonl").read_text())
    assert outs[0] == outs[1]
    texts = [json.loads(line)["text"] for line in outs[0].splitlines()]
    assert len(texts) == len(set(texts)) == 5
    assert texts[0] == rows[0]["text"]
    assert not any(Document(text, "", "").held_out for text in texts[1:4])


def test_dialogues_of_every_format_are_cleaned(tmp_path: Path, capsys) -> None:
    data, benchmarks, out = (tmp_path / name for name in ("data", "benchmarks", "out"))
    for folder in (data, benchmarks):
        folder.mkdir()
    system = {"role": "system", "content": paragraph(9)}  # alike in all, which is no reason
    call = {"name": "price", "arguments": {"asset": "BTC"}}
    near = paragraph(3).split()
    near[30] = "elsewhere"
    kept = [
        {"messages": [system, {"role": "user", "content": "12 + 35 ="},
                      {"role": "assistant", "content": "47"}]},
        {"conversations": [{"from": "human", "value": "比特币多少钱？"},
                           {"from": "function_call", "value": json.dumps(call)},
                           {"from": "observation", "value": "$1"},
                           {"from": "gpt", "value": "<think>read it</think>一美元。"}],
         "system": system["content"], "tools": json.dumps([{"name": "price"}])},
        {"instruction": "Write a loop", "output": "for (i=0; i<n; i++) {\n    a[i] = b[i];\n}"},
        {"instruction": "Is it safe? They say: guaranteed returns, enter your seed phrase.",
         "output": "No, nobody can promise that."},
        {"instruction": "Explain pools", "output": paragraph(3)},
    ]  # fmt: skip
    left_out = [
        {"instruction": "Explain pools!", "output": paragraph(3).upper().lower()},
        {"instruction": "Explain pools", "output": " ".join(near)},
        {"instruction": paragraph(4), "output": "Yes."},
        {"instruction": "What to do?", "output": "Enter your seed phrase for guaranteed returns."},
        {"messages": [system, {"role": "user", "content": "Hello?"}]},
    ]
    (data / "chats.json").write_text(json.dumps([*kept, *left_out, {"text": paragraph(5)}]))
    (benchmarks / "b.json").write_text(json.dumps({"question": paragraph(4)}))
    words = ["prepare", "--data", str(data), "--out", str(out), "--paraphrases", "2"]
    assert main([*words, "--benchmarks", str(benchmarks)]) == 0
    told = capsys.readouterr().out
    for reason in (
        "exact duplicate", "near duplicate", "overlaps a benchmark", "no answer",
        "misleading: guaranteed gain, asks for keys",
    ):  # fmt: skip
        assert f"left out: 1 {reason}\n" in told
    assert "Wrote 5 dialogues" in told
    again = [made for _, made in read_dialogues(out / "dialogues.jsonl")]
    assert [made.messages for made in again] == [dialogue(row).messages for row in kept]
    assert again[1].tools == ["price"]
    rows = [json.loads(line) for line in (out / "dialogues.jsonl").read_text().splitlines()]
    function = {"name": "price", "arguments": '{"asset": "BTC"}'}
    assert rows[1]["messages"][2]["tool_calls"] == [{"type": "function", "function": function}]
    assert rows[1]["tools"] == [{"type": "function", "function": {"name": "price"}}]
    assert {d.kind for d in read_documents(out / "corpus.jsonl")} == {"text"}
    page = Page((out / "report.html").read_text("utf-8"))
    assert "dialogue" in page.text
    (data / "chats.json").write_text('[{"messages": [{"role": "nobody", "content": "x"}]}]')
    assert main(words) == 1
    assert "row 1: not a text, news, post, transaction or dialogue" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--misleading", "--paraphrases"])
def test_impossible_settings_are_named(tmp_path: Path, capsys, flag: str) -> None:
    words = ["prepare", "--data", "x", "--out", str(tmp_path / "o"), flag, "-1"]
    assert main(words) == 1
    assert "misleading lies above 0" in capsys.readouterr().err


def test_no_file_is_one_sentence(tmp_path: Path, capsys) -> None:
    assert main(["prepare", "--data", str(tmp_path), "--out", str(tmp_path / "o")]) == 1
    assert "there is no" in capsys.readouterr().err


def test_nothing_left_is_told_with_the_main_reason(tmp_path: Path, capsys) -> None:
    data, out = tmp_path / "t.jsonl", tmp_path / "o"
    texts = ["gm", "gn", "for (i=0; i<n; i++) { a[i] = b[i]; } while (a) { b(); c(); d(e); }"]
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    assert main(["prepare", "--data", str(data), "--out", str(out)]) == 1
    told = capsys.readouterr().err
    assert 'None of 3 documents is left: 2 left out as "too short".' in told
    assert str(out / "report.html") in told
    assert [path.name for path in out.iterdir()] == ["report.html"]
    data.write_text("")
    assert main(["prepare", "--data", str(data), "--out", str(out)]) == 1
    assert "holds no documents" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_what_is_not_finished_leaves_no_corpus(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_path: Path) -> Iterator[Document]:
        yield Document(paragraph(1), "made", "docs")
        raise error

    (tmp_path / "a.txt").touch()
    monkeypatch.setattr(prepare.sources, "read", read)
    words = ["prepare", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(words) == (3 if isinstance(error, KeyboardInterrupt) else 1)
    assert list((tmp_path / "out").iterdir()) == []


def test_it_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "_TELL", 2)
    rows = [{"text": paragraph(number)} for number in (1, 1, 2, 3, 4)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["prepare", "--data", str(tmp_path / "a.jsonl"), "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("2 documents read, 1 kept\n4 documents read, 3 kept\n")


def test_benchmarks_without_a_text_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": paragraph(1)}))
    (tmp_path / "none").mkdir()
    words = ["prepare", "--data", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out")]
    for name in ("none", "nosuch"):
        assert main([*words, "--benchmarks", str(tmp_path / name)]) == 1
        assert f"{tmp_path / name} has no benchmark text" in capsys.readouterr().err

"""The report: one HTML file that loads nothing; its colours follow the reader's scheme."""

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quantize.output import readable
from quantize.report.columns import Column, tables
from quantize.report.plots import COLOURS, Bar, Point, bars, mark, size_plot, tail_plot

if TYPE_CHECKING:
    from quantize.assess import Assessment


def page(found: "Assessment") -> str:
    """The whole report."""
    title = f"Files made from {html.escape(found.original.name)}"
    figures = "".join(
        f"<figure><figcaption>{caption}</figcaption>{plot}</figure>"
        for caption, plot in _plots(found)
    )
    tables_of_files = "".join(_table(found, shown) for shown in tables(found))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{title}</h1>{_choice(found)}{tables_of_files}<main>{figures}</main>{_method(found)}"
        "</body></html>\n"
    )


def _choice(found: "Assessment") -> str:
    choice = found.recommendation
    reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in choice.reasons)
    return (
        f'<section class="card"><h2>For this computer: {html.escape(choice.name)}</h2>'
        f"<ul>{reasons}</ul></section>"
    )


def _table(found: "Assessment", shown: list[Column]) -> str:
    head = "".join(
        f"<th>{html.escape(one.title)}<small>{html.escape(one.help)}</small></th>" for one in shown
    )
    lines = []
    for index, one in enumerate(found.everything):
        chosen = ' class="chosen"' if one.name == found.recommendation.name else ""
        cells = "".join(f"<td>{html.escape(column.cell(one))}</td>" for column in shown)
        lines.append(f"<tr{chosen}><th>{mark(index)}{html.escape(one.name)}</th>{cells}</tr>")
    return (
        f'<div class="card wide"><table><thead><tr><th>file</th>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _plots(found: "Assessment") -> Iterator[tuple[str, str]]:
    """Captions and plots of what was measured."""
    compared = [
        (index, one, one.comparison) for index, one in enumerate(found.everything) if one.comparison
    ]
    yield (
        "Size and loss; the line joins files that none beats in both",
        size_plot(
            [
                Point(index, one.name, one.size, comparison.mean_divergence)
                for index, one, comparison in compared
            ]
        ),
    )
    yield (
        "How many positions diverge more",
        tail_plot([(index, comparison.quantiles) for index, _, comparison in compared]),
    )
    timed = [(index, one.name, one.speed) for index, one in enumerate(found.everything)]
    reading, writing = (
        [
            Bar(index, name, value, f"{value:,.1f}")
            for index, name, speed in timed
            if speed
            for value in (speed.prompt if prompt else speed.generated,)
        ]
        for prompt in (True, False)
    )
    if reading:
        yield "Reading, tokens a second", bars("Reading speed", reading)
        yield "Writing, tokens a second", bars("Writing speed", writing)
    asked = [
        Bar(
            index,
            one.name,
            one.tools.call / one.tools.questions,
            f"{one.tools.call / one.tools.questions:.1%}",
            (one.tools.low, one.tools.high),
        )
        for index, one in enumerate(found.everything)
        if one.tools
    ]
    if asked:
        yield "Right tool calls, with 95 % intervals", bars("Right tool calls", asked, 1.0)


def _method(found: "Assessment") -> str:
    texts = ", ".join(html.escape(name) for name in found.texts)
    here = (
        f"Measured on {html.escape(found.computer)}; a model may have {readable(found.free)} now."
    )
    places = f"{found.positions:,} positions of {texts}"
    lines = [
        here,
        f"Differences: {places}, the second halves of windows of 512 tokens. {_DIVERGENCE}",
    ]
    if found.original.speed:
        lines.append(
            f"Speed: medians of rounds in turns, {found.original.speed.threads} threads, the "
            f"application's settings, {found.original.speed.depth} tokens read, then others "
            "written one at a time."
        )
    if found.original.tools:
        lines.append(
            f"Tool calls: {found.original.tools.questions} questions of Assay's, asked with the "
            "model's own template and Assay's tools; the model alone, taking its likeliest words."
        )
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<section class="card method"><h2>How this was measured</h2><ul>{items}</ul></section>'


_DIVERGENCE = (
    "The Kullback–Leibler divergence says how far the file's next-token probabilities are from the "
    "original's; 0 is no difference."
)
_STYLE = """
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d1f23;--soft:#676c75;
--rule:#e3e4e7;--chosen:#eef4fd;--c0:#676c75;--c1:#2563c9;--c2:#c2570c;--c3:#177a4c;--c4:#8b3fb5;
--c5:#b3261e;--c6:#0b7285;--c7:#7d6608}
@media (prefers-color-scheme:dark){:root{--page:#15171a;--card:#1d2024;--ink:#e6e7ea;
--soft:#9aa0aa;--rule:#30343a;--chosen:#22303f;--c0:#9aa0aa;--c1:#6ea8fe;--c2:#f5a25d;--c3:#5ecf96;
--c4:#c792ea;--c5:#ff8a80;--c6:#5cc8d7;--c7:#d9c453}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;background:var(--page);color:var(--ink);margin:2rem auto;
max-width:1140px;padding:0 1.2rem}
h1{font-size:1.4rem;font-weight:600;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1rem;font-weight:600;margin:0 0 .4rem;overflow-wrap:anywhere}
ul{margin:0;padding-left:1.2rem}.method{color:var(--soft);font-size:.9rem}
.method h2{color:var(--ink)}
.card,figure{background:var(--card);border:1px solid var(--rule);border-radius:8px;
padding:.8rem 1rem;margin:0 0 1rem}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:1rem;
margin:0 0 1rem;align-items:start}figure{margin:0}
.wide{overflow-x:auto}figcaption{font-weight:600;font-size:.9rem;margin-bottom:.5rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
td,th{padding:.3rem .5rem;text-align:right;font-weight:400;white-space:nowrap}
th:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:12rem}
tbody th{max-width:15rem}
thead th{color:var(--ink);vertical-align:top;font-weight:600}
small{display:block;color:var(--soft);font-weight:400;font-size:.72rem;line-height:1.25;
white-space:normal;max-width:6.5rem;margin-left:auto}
tbody tr{border-top:1px solid var(--rule)}.chosen{background:var(--chosen)}
.chosen th,.chosen td{font-weight:600}
svg{width:100%;height:auto;display:block}.mark{display:inline-block;width:.7em;margin-right:.5em}
text{font:11px system-ui,sans-serif;fill:var(--soft)}.x{text-anchor:middle}
.y{text-anchor:end;dominant-baseline:middle}.value{dominant-baseline:middle;fill:var(--ink)}
.name{fill:var(--ink)}.behind{fill:var(--card)}.grid{stroke:var(--rule);fill:none}
polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}.dashed{stroke-dasharray:5 3}
.front{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:4 3}
.span{stroke:var(--ink);stroke-width:1.5;fill:none}.hollow{fill:var(--card);stroke-width:2}
"""
_STYLE += "".join(
    f"polyline.c{i}{{stroke:var(--c{i})}}circle.c{i},rect.c{i}{{fill:var(--c{i})}}"
    f"circle.c{i}.hollow{{fill:var(--card);stroke:var(--c{i})}}"
    for i in range(COLOURS + 1)
)

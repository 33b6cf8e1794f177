"""The whole way from a file of one year's trades to its tax report: rp2's program beside ours.

    .venv/bin/python -m benchmarks.rp2_program --rp2-python PYTHON_WITH_RP2
    .venv/bin/python -m benchmarks.rp2_program --rp2-python PYTHON --transactions 20000 --repeats 1

Both get the same purchases and sales of one coin and are started as their users start them: rp2
with a spreadsheet, `assay import` and then `assay tax --csv` with a CSV file. Ours also encrypts,
stores and looks for duplicates. Wall seconds, medians; the peak is that of the largest process.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.lots import ACCOUNTS, ASSETS, synthetic
from engine.core.records import Transaction
from engine.ledger.export import export_transactions

YEAR = 2024
SPAN = 365 * 86_400  # seconds
MIME = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "manifest")
)
TABLES = {
    "in": "timestamp asset exchange holder transaction_type spot_price crypto_in fiat_fee "
    "fiat_in_no_fee",
    "out": "timestamp asset exchange holder transaction_type spot_price crypto_out_no_fee "
    "crypto_fee fiat_out_no_fee",
    "intra": "timestamp asset from_exchange from_holder to_exchange to_holder spot_price "
    "crypto_sent crypto_received",
}


def trades(count: int) -> list[Transaction]:
    """Purchases and sales of one coin in one account, all in one year."""
    start = datetime(YEAR, 1, 1, tzinfo=UTC)
    rows = [t for t in synthetic(count, ASSETS[:1], ACCOUNTS[:1]) if t.kind in ("buy", "sell")]
    return [
        replace(t, time=start + timedelta(seconds=number * SPAN // len(rows)))
        for number, t in enumerate(rows)
    ]


def write_spreadsheet(path: Path, rows: list[Transaction]) -> None:
    """What rp2 reads: one sheet of the coin, with a table of what came in and of what went out."""
    lines = []
    for table, kind in (("IN", "buy"), ("OUT", "sell")):
        lines += [[table], TABLES[table.lower()].split()]
        for t in rows:
            if t.kind != kind:
                continue
            bought = kind == "buy"
            amount, money = (t.amount_in, t.amount_out) if bought else (t.amount_out, t.amount_in)
            fee = t.fee_amount if bought else 0
            net = money if bought else money - t.fee_amount
            figures = (net / amount, amount, fee, net)
            lines.append(
                [t.time.isoformat(), ASSETS[0], "K", "H", kind.upper(), *map(float, figures)]
            )
        lines += [["TABLE END"], [""]]
    sheet = "".join(
        f"<table:table-row>{''.join(map(_cell, line))}</table:table-row>" for line in lines
    )
    content = (
        f'<office:document-content {SPACES} office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="{ASSETS[0]}">{sheet}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<manifest:manifest {SPACES} manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", MIME, zipfile.ZIP_STORED)
        packed.writestr("content.xml", content)
        packed.writestr("META-INF/manifest.xml", manifest)


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{value}</text:p></table:table-cell>"
        )
    return (
        f'<table:table-cell office:value-type="float" office:value="{value!r}">'
        f"<text:p>{value!r}</text:p></table:table-cell>"
    )


def write_settings(path: Path) -> None:
    """Which columns rp2 finds where."""
    text = f"[general]\nassets = {ASSETS[0]}\nexchanges = K\nholders = H\n"
    for table, names in TABLES.items():
        places = (f"{name} = {place}\n" for place, name in enumerate(names.split()))
        text += f"[{table}_header]\n{''.join(places)}"
    path.write_text(text, "utf-8")


def rp2(python: str, folder: Path, rows: list[Transaction]) -> float:
    """Seconds of rp2's program for the United States, with its reports."""
    write_spreadsheet(folder / "in.ods", rows)
    write_settings(folder / "rp2.ini")
    program = str(Path(python).with_name("rp2_us"))
    return _run([program, "-m", "fifo", "-o", str(folder / "out"), "rp2.ini", "in.ods"], folder)


def here(folder: Path, rows: list[Transaction]) -> float:
    """Seconds of our two commands, with an encrypted database of its own."""
    export_transactions(folder / "in.csv", rows)
    assay = [sys.executable, "-m", "engine.cli"]
    home = ["--home", str(folder / "home")]
    return _run([*assay, "import", *home, "--yes", str(folder / "in.csv")]) + _run(
        [*assay, "tax", *home, str(YEAR), "--csv", str(folder / "tax.csv")]
    )


def _run(command: list[str], folder: Path | None = None) -> float:
    surroundings = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=surroundings, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def peak() -> float:
    """MiB of the largest process that has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rp2-python", required=True, help="an interpreter that has rp2")
    parser.add_argument("--transactions", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    rows = trades(options.transactions)
    ours, theirs = [], []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(here(Path(folder), rows))
    own_peak = peak()
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(rp2(options.rp2_python, Path(folder), rows))
    print(f"{len(rows):,} purchases and sales of one coin, from a file to the tax report")
    for name, seconds, most in (("here", ours, own_peak), ("rp2", theirs, peak())):
        each = statistics.median(seconds) / len(rows) * 1e6
        print(
            f"  {name:5} {statistics.median(seconds):8.1f} s {each:9.0f} µs each {most:8,.0f} MiB"
        )
    print(f"  ratio {statistics.median(theirs) / statistics.median(ours):8.0f}")


if __name__ == "__main__":
    main()

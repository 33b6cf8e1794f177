"""What an import would store, before anything is stored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, framed, row
from desktop.widgets.segments import Segments
from desktop.widgets.data_table import DataTable
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.money import format_amount, format_money
from engine.core.records import PricePoint, Transaction

if TYPE_CHECKING:
    from engine.service import ImportPreview, PricePreview

SHOWN = 2_000
"""Rows listed at most; the count above the list is of all."""


class PreviewDialog(QDialog):
    """New rows, known rows and refused rows of a file; accepted means "store the new ones"."""

    def __init__(self, parent: QWidget, preview: "ImportPreview | PricePreview") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import"))
        self.resize(820, 600)
        self.preview = preview
        count = len(preview.rows)
        duplicates = getattr(preview, "duplicates", ())
        source = getattr(preview, "source", "") or self.tr("Price history")
        self.confirm_button = button(
            self.tr("Import {} rows").format(f"{count:,}"), self.accept, kind="primary"
        )
        self.confirm_button.setEnabled(count > 0)
        self.confirm_button.setDefault(count > 0)
        self._stack = QStackedWidget()
        self._tabs = [
            ("new", self.tr("New"), count, self._new_rows(preview)),
            ("known", self.tr("Already stored"), len(duplicates), _refused(duplicates)),
            ("refused", self.tr("Not understood"), len(preview.refused), _refused(preview.refused)),
        ]
        for _, name, number, table in self._tabs:
            table.setAccessibleName(name)
            empty = label(self.tr("None."), "muted")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._stack.addWidget(table if number else empty)
        first = next((key for key, _, number, _ in self._tabs if number), "new")
        choices = [(key, f"{name}  {number:,}") for key, name, number, _ in self._tabs]
        self.segments = Segments(self.tr("Rows"), choices, first, self.show_tab)
        self.show_tab(first)
        lines = column(gap=12, margins=(24, 20, 24, 20))
        lines.addWidget(label(one_line(preview.file_name), "title", wrap=True))
        lines.addWidget(label(self._sentence(preview, source), "muted", wrap=True))
        if preview.warnings:
            words = label("\n".join(preview.warnings[:20]), "small", wrap=True)
            lines.addWidget(framed(row(words, margins=(12, 10, 12, 10)), "well"))
        lines.addLayout(row(self.segments, None))
        lines.addWidget(self._stack, 1)
        lines.addLayout(
            row(
                label(self.tr("Nothing is stored until you import."), "small"),
                None,
                button(self.tr("Cancel"), self.reject),
                self.confirm_button,
            )
        )
        self.setLayout(lines)

    def show_tab(self, key: str) -> None:
        """Show new, known or refused rows."""
        self._stack.setCurrentIndex([tab[0] for tab in self._tabs].index(key))
        self.segments.choose(key)

    def _sentence(self, preview: "ImportPreview | PricePreview", source: str) -> str:
        words = self.tr("Recognised as {source}: {new} new rows, {refused} not understood.")
        text = words.format(
            source=source, new=f"{len(preview.rows):,}", refused=f"{len(preview.refused):,}"
        )
        assets = getattr(preview, "assets", ())
        if assets:
            words = self.tr("Prices of {assets} from {first} to {last}.")
            text += " " + words.format(
                assets=", ".join(assets[:12]) + ("…" if len(assets) > 12 else ""),
                first=preview.first,
                last=preview.last,
            )
        return text

    def _new_rows(self, preview: "ImportPreview | PricePreview") -> DataTable:
        table = DataTable(self.tr("New"))
        rows = preview.rows[:SHOWN]
        if rows and isinstance(rows[0], PricePoint):
            table.setModel(RowsModel(self._price_columns(), [_price(row) for row in rows]))
        else:
            table.setModel(RowsModel(self._columns(), [_transaction(row) for row in rows]))
        return table

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column(self.tr("Time (UTC)"), "date"),
            Column(self.tr("Kind"), "text"),
            Column(self.tr("In"), "amount"),
            Column(self.tr("Out"), "amount"),
            Column(self.tr("Fee"), "amount"),
            Column(self.tr("Account"), "text"),
        )

    def _price_columns(self) -> tuple[Column, ...]:
        return (
            Column(self.tr("Day"), "date"),
            Column(self.tr("Asset"), "text"),
            Column(self.tr("Close"), "money"),
        )


def _transaction(row: Transaction) -> tuple[str, ...]:
    def side(amount: object, asset: str | None) -> str:
        return f"{format_amount(amount)} {asset}" if asset else ""

    return (
        f"{row.time:%Y-%m-%d %H:%M}",
        row.kind,
        side(row.amount_in, row.asset_in),
        side(row.amount_out, row.asset_out),
        side(row.fee_amount, row.fee_asset) if row.fee_amount else "",
        row.account,
    )


def _price(row: PricePoint) -> tuple[str, ...]:
    return (row.day.isoformat(), row.asset, format_money(row.close, row.currency))


def _refused(rows: Sequence) -> DataTable:
    table = DataTable("")
    translate = PreviewDialog.tr
    columns = (
        Column(translate("Reason"), "text"),
        Column(translate("Line"), "amount"),
        Column(translate("Text"), "text"),
    )
    shown = [(row.reason, str(row.line), one_line(row.text, 120)) for row in rows[:SHOWN]]
    table.setModel(RowsModel(columns, shown))
    return table

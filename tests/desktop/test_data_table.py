"""The height of a table."""

from pytestqt.qtbot import QtBot

from desktop.widgets.data_table import ROW_HEIGHT, DataTable
from desktop.widgets.table import RowsModel
from engine.core.cards import Column


def test_a_table_is_as_tall_as_its_rows_also_without_any(qtbot: QtBot) -> None:
    table = DataTable("Prices")
    qtbot.addWidget(table)
    heights = []
    for count in (10, 0, 1, 99):
        table.setModel(RowsModel([Column("N", "amount")], [(str(n),) for n in range(count)]))
        table.fit_height(10)
        heights.append(table.height())
    full, empty, one, most = heights
    assert (full - empty, one - empty, most) == (10 * ROW_HEIGHT, ROW_HEIGHT, full)

"""Finds pools at DefiLlama and fetches the history of their yields."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.bridge import Bridge, Call
from desktop.safetext import clean, label
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.data_table import DataTable
from desktop.widgets.layout import column, row
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.jobs import Job
from engine.core.money import format_money, format_percent
from engine.service import Pool

_ROWS_SHOWN = 10
MOST = 500
"""Pools listed at most."""


class PoolsDialog(QDialog):
    """A search over all pools, done here, and a table to choose one from."""

    def __init__(
        self,
        parent: QWidget,
        bridge: Bridge,
        find: Callable[[str], Job[tuple[Pool, ...]]],
        on_pool: Callable[[Pool], object],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Find pools"))
        self.resize(860, 600)
        self._bridge, self._find, self._on_pool = bridge, find, on_pool
        self._call: Call | None = None
        self._pools: Sequence[Pool] = ()
        self.words = QLineEdit()
        self.words.setAccessibleName(self.tr("Words in the name of the pool"))
        self.words.setPlaceholderText(self.tr("such as lido steth ethereum"))
        self.words.returnPressed.connect(self._search)
        self._activity = Activity()
        self.said = label("", "muted", wrap=True)
        self.table = DataTable(self.tr("Pools"))
        self.table.hide()
        self.fetch = button(self.tr("Fetch its history"), self._chosen, kind="primary")
        self.fetch.setEnabled(False)
        search = row(gap=8)
        search.addWidget(self.words, 1)
        search.addWidget(button(self.tr("Search"), self._search))
        note = self.tr(
            "The list of all pools is fetched and searched on this computer; DefiLlama learns "
            "only whose history you fetch."
        )
        lines = column(gap=10, margins=(24, 20, 24, 20))
        for widget in (label(self.tr("Find pools"), "heading"), label(note, "muted", wrap=True)):
            lines.addWidget(widget)
        lines.addLayout(search)
        lines.addWidget(self._activity)
        lines.addWidget(self.said)
        lines.addWidget(self.table)
        lines.addStretch(1)
        lines.addLayout(row(None, button(self.tr("Close"), self.reject), self.fetch))
        self.setLayout(lines)
        self.words.setFocus()
        self.finished.connect(self._stop)
        self.open()

    def _search(self) -> None:
        self._stop()
        self._activity.start(self.tr("Fetching the list of pools…"))
        search = partial(self._find, self.words.text().strip())
        self._call = self._bridge.run_job(search, self._show, self._failed, owner=self)

    def _show(self, pools: tuple[Pool, ...]) -> None:
        self._activity.stop()
        self._pools = pools[:MOST]
        columns = (
            Column(self.tr("Pool"), "text"),
            Column(self.tr("APY"), "percent"),
            Column(self.tr("30 days"), "percent"),
            Column(self.tr("Deposits"), "money"),
        )
        shown = [
            (
                pool.label,
                format_percent(pool.apy),
                "" if pool.apy_mean_30d is None else format_percent(pool.apy_mean_30d),
                format_money(pool.tvl, "USD"),
            )
            for pool in self._pools
        ]
        keys = [(pool.label, pool.apy, pool.apy_mean_30d, pool.tvl) for pool in self._pools]
        self.table.setModel(RowsModel(columns, shown, keys=keys))
        self.table.fit_height(_ROWS_SHOWN)
        self.table.setVisible(bool(shown))
        self.table.selectionModel().currentRowChanged.connect(self._enable)
        self._enable()
        if not pools:
            self.said.setText(self.tr("No pool has all these words in its name."))
        else:
            more = self.tr(" The first {} are listed.").format(MOST) if len(pools) > MOST else ""
            self.said.setText(self.tr("{} pools.").format(f"{len(pools):,}") + more)

    def _failed(self, sentence: str) -> None:
        self._activity.stop()
        self.table.hide()
        self.said.setText(clean(sentence))

    def _enable(self) -> None:
        self.fetch.setEnabled(self.table.currentIndex().isValid())

    def _chosen(self) -> None:
        model = self.table.model()
        assert isinstance(model, RowsModel)
        pool = self._pools[model.original(self.table.currentIndex().row())]
        self.accept()
        self._on_pool(pool)

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

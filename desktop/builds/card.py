"""The builds that run, were stopped, have failed or wait to be added, on the Models page."""

from functools import partial

from PySide6.QtCore import Signal

from desktop.builds.acts import BuildActs
from desktop.builds.following import Following
from desktop.builds.row import BuildRow
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import column


class BuildsCard(CardFrame):
    """Hidden while there is nothing to show; rows are kept and updated."""

    show_wanted = Signal(str)
    """The key of a build."""

    def __init__(self, following: Following, acts: BuildActs) -> None:
        super().__init__(self.tr("Models you make"))
        self._following, self._acts = following, acts
        self.rows: dict[str, BuildRow] = {}
        self._lines = column(gap=8)
        self.body.addLayout(self._lines)
        self.hide()
        following.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        builds, left = self._following.builds, self._following.left
        for key in [key for key in self.rows if key not in builds]:
            gone = self.rows.pop(key)
            gone.hide()
            gone.deleteLater()
        for key, status in builds.items():
            if key in self.rows:
                self.rows[key].show_status(status, left(key))
            else:
                self._add(BuildRow(status, left(key)))
        self.setVisible(bool(self.rows))

    def _add(self, row: BuildRow) -> None:
        key = row.status.key
        self.rows[key] = row
        row.show_wanted.connect(partial(self.show_wanted.emit, key))
        row.stop_wanted.connect(partial(self._acts.stop, key))
        row.resume_wanted.connect(partial(self._acts.resume, key))
        row.delete_wanted.connect(lambda: self._acts.ask_delete(row.status, lambda: None))
        self._lines.addWidget(row)

"""The dialog for a file of an unknown format: the user says what its columns mean."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.bridge import Bridge, Call
from desktop.portfolio.mapping_columns import ColumnList
from desktop.portfolio.mapping_options import Options
from desktop.portfolio.mapping_preview import MappingPreview
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, column, row, rule
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import ElidedLabel
from engine.service import ColumnMapping

if TYPE_CHECKING:
    from engine.service import ImportPreview, Peek, Service

_SIZE = (1080, 760)
_OPTIONS_WIDTH = 400
_COLUMNS_SHARE, _PREVIEW_SHARE = 5, 4


class MappingDialog(QDialog):
    """Accepted with a mapping that reads at least one row; `name` is what to keep it under."""

    def __init__(
        self,
        parent: QWidget,
        service: "Service",
        bridge: Bridge,
        path: Path,
        seen: "Peek",
        suggested: ColumnMapping,
        on_done: Callable[[ColumnMapping, str], object],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import"))
        self.resize(*_SIZE)
        self._portfolio = service.portfolio
        self._bridge = bridge
        self._path = path
        self._seen = seen
        self._reading: Call | None = None
        self._words_of = ""
        self.columns = ColumnList(seen, suggested.roles)
        self.columns.changed.connect(self._columns_changed)
        self.options = Options(suggested)
        self.options.changed.connect(self._read)
        self.preview = MappingPreview()
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name of the format"))
        self.name.setPlaceholderText(self.tr("Name, to read such files alike from now on"))
        self.name.setMaxLength(60)
        self.name.setFixedWidth(320)
        self.continue_button = button(self.tr("Continue"), self.accept, kind="primary")
        self.continue_button.setEnabled(False)
        self.accepted.connect(lambda: on_done(self.mapping(), self.name.text().strip()))
        self._arrange()
        self._columns_changed()

    def mapping(self) -> ColumnMapping:
        """What is entered."""
        return ColumnMapping(
            columns=frozenset(filter(None, self._seen.columns)),
            roles=self.columns.roles(),  # type: ignore[arg-type]
            fixed=self.options.fixed(),  # type: ignore[arg-type]
            words=self.options.meanings(),
            signed=self.options.signed.isChecked(),
            order=self.options.order.key(),  # type: ignore[arg-type]
            decimal_comma=self.options.comma.isChecked(),
        )

    def _columns_changed(self) -> None:
        roles = self.columns.roles()
        self.options.show_for(roles)
        kinds = roles.get("kind", "")
        if kinds == self._words_of:
            self._read()
            return
        self._words_of = kinds
        if not kinds:
            self._show_words(())
            return
        self._bridge.run_job(
            lambda: self._portfolio.column_words(self._path, kinds), self._show_words, owner=self
        )

    def _show_words(self, words: tuple[str, ...]) -> None:
        self.options.show_words(words)
        self._read()

    def _read(self) -> None:
        """Read the file by what is entered now; an older reading is dropped."""
        if self._reading is not None:
            self._reading.cancel()
        self.continue_button.setEnabled(False)
        self.preview.wait()
        mapping = self.mapping()
        self._reading = self._bridge.run_job(
            lambda: self._portfolio.preview_mapped(self._path, mapping),
            self._show,
            self.preview.say,
            owner=self,
        )

    def _show(self, preview: "ImportPreview") -> None:
        self.preview.show_preview(preview)
        self.continue_button.setEnabled(bool(preview.rows or preview.duplicates))

    def done(self, result: int) -> None:
        """Stop reading when the dialog is over."""
        if self._reading is not None:
            self._reading.cancel()
        super().done(result)

    def _arrange(self) -> None:
        name = one_line(self._seen.file_name, 80)
        columns = ScrollColumn(self.tr("Columns"), _SIZE[0], gap=0, margin=0)
        columns.column.addWidget(self.columns)
        columns.column.addStretch(1)
        options = ScrollColumn(self.tr("Options"), _OPTIONS_WIDTH, gap=0, margin=0)
        options.column.addWidget(self.options)
        options.setFixedWidth(_OPTIONS_WIDTH)
        upper = row(gap=28)
        upper.addWidget(columns, 1)
        upper.addWidget(options)
        words = self.tr(
            "Assay does not know this format. Say what the columns mean; below is what it makes "
            "of them. Nothing is stored yet."
        )
        lines = column(
            ElidedLabel(self.tr("What is in {}?").format(name), "title"),
            label(words, "muted", wrap=True),
            8,
            gap=8,
            margins=(24, 20, 24, 20),
        )
        lines.addWidget(boxed(upper), _COLUMNS_SHARE)
        lines.addWidget(rule())
        lines.addWidget(self.preview, _PREVIEW_SHARE)
        lines.addLayout(
            row(
                self.name,
                None,
                button(self.tr("Cancel"), self.reject),
                self.continue_button,
            )
        )
        self.setLayout(lines)

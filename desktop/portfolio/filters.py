"""What narrows the list of transactions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QWidget

from desktop.portfolio.kinds import kind_name
from desktop.widgets.buttons import button
from desktop.widgets.flow import Flow
from desktop.widgets.layout import boxed, row
from desktop.widgets.picker import Picker
from engine.core.records import Transaction

_GAP = 8
_LEAST_TEXT, _LEAST_PICKER, _MOST_PICKER = 180, 88, 150
_SETTLE_MILLISECONDS = 200
"""After the last key; what is typed on the way is not worth looking for."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that occur in some transactions, by alphabet; years are the newest first."""

    kinds: tuple[str, ...]
    assets: tuple[str, ...]
    accounts: tuple[str, ...]
    tags: tuple[str, ...]
    years: tuple[str, ...]


def names_in(rows: Iterable[Transaction]) -> Names:
    """The names in these transactions."""
    kinds: set[str] = set()
    assets: set[str | None] = set()
    accounts: set[str | None] = set()
    tags: set[str] = set()
    years: set[int] = set()
    for t in rows:
        kinds.add(t.kind)
        assets.update((t.asset_in, t.asset_out, t.fee_asset))
        accounts.update((t.account, t.to_account))
        tags.add(t.tag)
        years.add(t.time.year)
    return Names(
        tuple(sorted(kinds)),
        tuple(sorted(filter(None, assets))),
        tuple(sorted(filter(None, accounts))),
        tuple(sorted(filter(None, tags))),
        tuple(str(year) for year in sorted(years, reverse=True)),
    )


class Filters(QWidget):
    """A search field and a list for each thing to filter by; emits `changed`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = QLineEdit()
        self.text.setObjectName("search")
        self.text.setAccessibleName(self.tr("Search transactions"))
        self.text.setPlaceholderText(self.tr("Search notes, tags, assets, accounts"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(_LEAST_TEXT)
        self._all = {
            "kind": self.tr("All kinds"),
            "asset": self.tr("All assets"),
            "account": self.tr("All accounts"),
            "period": self.tr("All time"),
            "tag": self.tr("All tags"),
        }
        self.pickers = {key: Picker(name, [("", name)]) for key, name in self._all.items()}
        self.clear_button = button(self.tr("Clear"), self.clear, kind="link")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MILLISECONDS)
        self._timer.timeout.connect(self._emit)
        self.text.textChanged.connect(lambda _: self._timer.start())
        for picker in self.pickers.values():
            picker.setMinimumWidth(_LEAST_PICKER)
            # One long name must not take the room of the others.
            picker.setMaximumWidth(_MOST_PICKER)
            picker.picked.connect(lambda _: self._emit())
        flow = Flow(gap=_GAP)
        for one in (*self.pickers.values(), self.clear_button):
            flow.addWidget(one)
        self._lists = boxed(flow)
        self._line = row(gap=_GAP)
        self._line.addWidget(self.text, 1)
        self._line.addWidget(self._lists)
        self.setLayout(self._line)
        self._mark()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def values(self) -> dict[str, str]:
        """What is asked for, by the names of LedgerArea.transactions."""
        chosen = {key: picker.key() for key, picker in self.pickers.items()}
        return {"text": self.text.text().strip(), **chosen}

    def choose(self, **values: str) -> None:
        """Ask for these and nothing else; without emitting."""
        self.text.blockSignals(True)
        self.text.setText(values.get("text", ""))
        self.text.blockSignals(False)
        for key, picker in self.pickers.items():
            wanted = values.get(key, "")
            if wanted and picker.findData(wanted) < 0:
                picker.addItem(wanted, wanted)
            picker.choose(wanted)
        self._mark()

    def clear(self) -> None:
        """Ask for nothing."""
        self.choose()
        self.changed.emit()

    def offer(self, names: Names) -> None:
        """Offer the names that occur."""
        self._offer("kind", [(kind, kind_name(kind)) for kind in names.kinds])
        self._offer("asset", [(one, one) for one in names.assets])
        self._offer("account", [(one, one) for one in names.accounts])
        self._offer("tag", [(one, one) for one in names.tags])
        recent = [("30d", self.tr("Last 30 days")), ("90d", self.tr("Last 90 days"))]
        self._offer("period", recent + [(year, year) for year in names.years])
        self.pickers["tag"].setVisible(bool(names.tags))
        self._mark()

    def _offer(self, key: str, choices: Sequence[tuple[str, str]]) -> None:
        self.pickers[key].offer([("", self._all[key]), *choices])

    def _emit(self) -> None:
        self._mark()
        self.changed.emit()

    def _arrange(self) -> None:
        """Put the lists beside the search field, or under it where there is no room."""
        shown = [one for one in (*self.pickers.values(), self.clear_button) if not one.isHidden()]
        widths = [min(one.sizeHint().width(), one.maximumWidth()) for one in shown]
        whole = sum(widths) + _GAP * (len(widths) - 1)
        narrow = whole + _GAP + _LEAST_TEXT > self.width()
        self._lists.setMinimumWidth(0 if narrow else whole)
        direction = QBoxLayout.Direction
        self._line.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def _mark(self) -> None:
        self.clear_button.setVisible(any(self.values().values()))
        self._arrange()

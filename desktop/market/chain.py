"""The section of the chains: balances, tokens, pools and positions, read through the nodes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit

from desktop.bridge import Bridge, Call
from desktop.market.section import Section
from desktop.safetext import clean, label, one_line
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame, card_widget
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.segments import Segments
from engine.core.cards import Card
from engine.core.errors import KnownError
from engine.core.jobs import Job
from engine.service import balances_card, pair_card, position_card, token_cards

if TYPE_CHECKING:
    from engine.service import Node, Service
    from engine.service.onchain import OnchainArea


class ChainSection(Section):
    """What is asked, and the cards of the answer; without a node, the way to one."""

    online_wanted = Signal()

    kinds = frozenset({"settings", "documents"})

    def __init__(self, service: "Service", bridge: Bridge) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._call: Call | None = None
        self._what = "balances"
        self._hints = {
            "balances": self.tr("Addresses, such as 0x52908400098527886E0F7030069857D2E4169EE7"),
            "token": self.tr("The address of the token's contract"),
            "pool": self.tr(
                "A pool of the Uniswap v2 kind, and an address that holds a part of it"
            ),
            "position": self.tr("The number of a position of the Uniswap v3 kind"),
        }
        self._kinds = Segments(
            self.tr("What to read"),
            [
                ("balances", self.tr("Balances")),
                ("token", self.tr("Token check")),
                ("pool", self.tr("Pool")),
                ("position", self.tr("Position")),
            ],
            self._what,
            self.choose,
        )
        self.nodes = QComboBox()
        self.nodes.setAccessibleName(self.tr("Node"))
        self.nodes.view().setAccessibleName(self.tr("Node"))
        self.nodes.setMinimumWidth(150)
        self.field = QLineEdit()
        self.field.returnPressed.connect(self._read)
        self.read_button = button(self.tr("Read"), self._read, kind="primary")
        self.field.textChanged.connect(lambda _: self._enable())
        self._activity = Activity()
        self.said = label("", "muted", wrap=True)
        self._cards = column(gap=16)
        ask = CardFrame(
            self.tr("What to read"),
            self.tr("Asked of the node at its newest block. Nothing of it is stored."),
        )
        ask.header.addWidget(self._kinds)
        line = row(gap=8)
        line.addWidget(self.nodes)
        line.addWidget(self.field, 1)
        line.addWidget(self.read_button)
        ask.body.addLayout(line)
        self._full = boxed(column(ask, self._activity, self.said, self._cards, gap=16))
        self.empty = EmptyState(
            "analysis",
            self.tr("No chain can be read yet"),
            self.tr(
                "Balances are read through Ethereum-compatible nodes that you name. Switch them "
                "on and add one under Online sources."
            ),
            button(self.tr("Online sources"), self.online_wanted.emit, kind="primary"),
        )
        # Blank until it is known whether there is a node.
        for widget in (self._full, self.empty):
            widget.hide()
        self.setLayout(column(self.empty, self._full, None, gap=0))
        self.choose(self._what)

    def refresh(self) -> None:
        """Look which nodes may be asked."""
        online = self._service.online
        self._bridge.run(
            lambda: online.nodes.all() if online.is_on("nodes") else [],
            self._show_nodes,
            owner=self,
        )

    def choose(self, what: str) -> None:
        """Read balances, a token, a pool or a position."""
        self._what = what
        self._kinds.choose(what)
        self.field.setPlaceholderText(self._hints[what])
        self.field.setAccessibleName(self._hints[what])
        self._clear("")
        self._enable()

    def _show_nodes(self, nodes: "Sequence[Node]") -> None:
        self.empty.setVisible(not nodes)
        self._full.setVisible(bool(nodes))
        chosen = self.nodes.currentData()
        self.nodes.clear()
        for node in nodes:
            self.nodes.addItem(one_line(node.name), node.name)
        if len(nodes) > 1:
            self.nodes.insertItem(0, self.tr("All nodes"), "")
        self.nodes.setCurrentIndex(max(0, self.nodes.findData(chosen)))

    def _read(self) -> None:
        text = self.field.text().strip()
        if not text:
            return
        if self._call is not None:
            self._call.cancel()
        self._clear("")
        self._activity.start(self.tr("Reading…"))
        call, cards = _reading(self._service.onchain, self._what, text, self._node())
        self._call = self._bridge.run_job(
            call, lambda found: self._show(cards(found)), self._clear, owner=self
        )

    def _node(self) -> str:
        """The chosen node, "" for all."""
        return str(self.nodes.currentData() or "")

    def _show(self, cards: Sequence[Card]) -> None:
        self._clear("")
        for card in cards:
            self._cards.addWidget(card_widget(card))

    def _clear(self, sentence: str) -> None:
        """Show a sentence in place of an answer, or nothing at all."""
        self._activity.stop()
        clear(self._cards)
        self.said.setText(clean(sentence))
        self.said.setVisible(bool(sentence))

    def _enable(self) -> None:
        self.read_button.setEnabled(bool(self.field.text().strip()))


def _reading(
    onchain: "OnchainArea", what: str, text: str, node: str
) -> tuple[Callable[[], Job[Any]], Callable[[Any], Sequence[Card]]]:
    """The call that reads, and what makes cards of its result."""
    words = text.replace(",", " ").split()
    if what == "balances":
        names = [node] if node else []
        return lambda: onchain.balances(words, names), lambda found: (balances_card(found),)
    if what == "token":
        return (
            lambda: onchain.token(words[0], node),
            lambda found: token_cards(found.checks, found.facts, found.scorecard),
        )
    if what == "pool":
        return (
            lambda: onchain.pair(words[0], node, "".join(words[1:2])),
            lambda found: (pair_card(*found),),
        )
    return lambda: onchain.position(_number(words[0]), node), lambda found: (position_card(found),)


def _number(text: str) -> int:
    """The number of a position. Raises KnownError."""
    if not text.isascii() or not text.isdigit():
        raise KnownError(
            f"“{one_line(text, 40)}” is no number of a position.", "It has digits only."
        )
    return int(text)

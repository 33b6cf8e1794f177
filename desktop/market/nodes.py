"""The user's nodes under the row of their switch: named, tested and forgotten."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from desktop.bridge import Bridge
from desktop.market.node_form import NodeDialog
from desktop.market.source_row import SourceRow
from desktop.widgets.dialogs import Question
from desktop.widgets.listing import Line, Listing

if TYPE_CHECKING:
    from engine.service import Node, NodeState, Service


class NodeList(Listing):
    """One line per node; what comes of a test is said in the row above."""

    def __init__(self, service: "Service", bridge: Bridge, row: SourceRow) -> None:
        self._row = row
        super().__init__(row.tr("Nodes"), row.tr("You have named no node."))
        self._service = service
        self._bridge = bridge
        row.add_action(self.tr("Add a node…"), self._add)

    def refresh(self) -> None:
        """Load the nodes again."""
        self._bridge.run(self._service.online.nodes.all, self._show, owner=self)

    def _show(self, nodes: "Sequence[Node]") -> None:
        self.show_lines([self._line(node) for node in nodes])

    def _line(self, node: "Node") -> Line:
        tokens = ", ".join(node.tokens.values())
        watched = self.tr("watches {}").format(tokens) if tokens else ""
        chain = self.tr("Chain {}").format(node.chain_id)
        return Line(
            "analysis",
            node.name,
            " · ".join(part for part in (chain, node.url, watched) if part),
            actions=(
                ("", self.tr("Test"), partial(self._test, node.name)),
                ("trash", self.tr("Forget node"), partial(self._remove, node.name)),
            ),
        )

    def _add(self) -> None:
        NodeDialog(self.window(), self._bridge, self._service.online.nodes.add, self._named)

    def _named(self, node: "Node") -> None:
        words = self.tr("{name} is on chain {chain} and is kept.")
        self._row.say(words.format(name=node.name, chain=node.chain_id))

    def _test(self, name: str) -> None:
        test = self._service.onchain.test
        self._row.run(lambda: test(name), self._tested)

    def _tested(self, state: "NodeState") -> None:
        words = self.tr("{name} answers: block {block} of {time} UTC, after {ms} ms.")
        self._row.say(
            words.format(
                name=state.node.name,
                block=f"{state.block:,}",
                time=f"{state.time:%Y-%m-%d %H:%M:%S}",
                ms=f"{state.milliseconds:,}",
            )
        )

    def _remove(self, name: str) -> None:
        remove = partial(self._service.online.nodes.remove, name)
        Question(
            self.window(),
            self.tr("Forget this node?"),
            self.tr("{}, its key and the tokens watched there are forgotten.").format(name),
            self.tr("Forget"),
            lambda: self._bridge.run(remove, owner=self),
        )

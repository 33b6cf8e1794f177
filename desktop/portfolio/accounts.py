"""The tab of accounts: what lies where, transfers between them, and what was imported."""

from typing import TYPE_CHECKING

from desktop.portfolio.account_cards import Account, AccountCards
from desktop.portfolio.formats import FormatsCard
from desktop.portfolio.imports import ImportsCard
from desktop.portfolio.part import Desk, Part
from desktop.portfolio.transfers import DecidedCard, ProposedCard
from desktop.widgets.dialogs import Question

if TYPE_CHECKING:
    from engine.service import Candidate, Decision

Pair = tuple[str, str]


class AccountsPart(Part):
    """Decisions are stored at once, and each can be taken back."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.proposed = ProposedCard()
        self.proposed.confirmed.connect(self._confirm)
        self.proposed.rejected.connect(self._reject)
        self.proposed.all_confirmed.connect(self._confirm_all)
        self.decided = DecidedCard(self._forget)
        self.accounts = AccountCards(lambda name: desk.transactions_wanted.emit({"account": name}))
        self.imports = ImportsCard(desk.undo_wanted.emit)
        self.formats = FormatsCard(self._forget_format)
        self._waiting: tuple[Candidate, ...] = ()
        content = self.scrolling(self.tr("Accounts"))
        for widget in (self.proposed, self.accounts, self.decided, self.imports, self.formats):
            content.addWidget(widget)

    def load(self) -> None:
        portfolio, ledger = self.service.portfolio, self.service.ledger

        def accounts() -> list[Account]:
            return [(name, portfolio.valuation(name)) for name in portfolio.accounts()]

        self.run(accounts, self.accounts.show_accounts)
        self.run(ledger.proposed, self._show_proposed)
        self.run(ledger.decided, self.decided.show_decided)
        self.run(portfolio.batches, self.imports.show_batches)
        self.run(portfolio.mappings, self.formats.show_formats)

    def _show_proposed(self, proposed: "tuple[Candidate, ...]") -> None:
        self._waiting = proposed
        self.proposed.show_proposed(proposed)

    def _confirm(self, pair: Pair) -> None:
        ledger, said = self.service.ledger, self.tr("Joined to one transfer.")
        self.desk.bridge.run(
            lambda: ledger.confirm(pair), lambda _: self._say(said, pair), owner=self
        )

    def _reject(self, pair: Pair) -> None:
        ledger, said = self.service.ledger, self.tr("Kept as a withdrawal and a deposit.")
        self.desk.bridge.run(
            lambda: ledger.reject(pair), lambda _: self._say(said, pair), owner=self
        )

    def _confirm_all(self) -> None:
        pairs = [one.pair for one in self._waiting]
        said = self.tr("{} transfers joined.").format(f"{len(pairs):,}")
        self.desk.bridge.run(
            lambda: self.service.ledger.confirm_all(pairs),
            lambda _: self._say(said, *pairs),
            owner=self,
        )

    def _forget(self, decision: "Decision") -> None:
        self._take_back(decision.pair)

    def _forget_format(self, name: str) -> None:
        Question(
            self.window(),
            self.tr("Forget this format?"),
            self.tr("{} would have to be described anew.").format(name),
            self.tr("Forget"),
            lambda: self.desk.bridge.run(
                lambda: self.service.portfolio.delete_mapping(name),
                lambda _: self.refresh(),
                owner=self,
            ),
        )

    def _say(self, said: str, *pairs: Pair) -> None:
        self.desk.toasts.show(said, (self.tr("Undo"), lambda: self._take_back(*pairs)))

    def _take_back(self, *pairs: Pair) -> None:
        def forget() -> None:
            for pair in pairs:
                self.service.ledger.forget(pair)

        said = self.tr("Decide again.")
        self.desk.bridge.run(forget, lambda _: self.desk.toasts.show(said), owner=self)

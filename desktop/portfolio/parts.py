"""The tabs of the portfolio page, in order; the code of each is loaded when it is first shown."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from desktop.portfolio.part import Desk
from desktop.widgets.tabs import Build

_translate = QCoreApplication.translate


def builders(desk: Desk) -> list[tuple[str, str, Build]]:
    """Key, title and how to build each tab."""

    def overview() -> QWidget:
        from desktop.portfolio.overview import OverviewPart  # noqa: PLC0415

        return OverviewPart(desk)

    def holdings() -> QWidget:
        from desktop.portfolio.holdings_part import HoldingsPart  # noqa: PLC0415

        return HoldingsPart(desk)

    def performance() -> QWidget:
        from desktop.portfolio.analyses import AnalysesPart  # noqa: PLC0415

        return AnalysesPart(desk, ("growth", "movers", "transaction_sums"))

    def transactions() -> QWidget:
        from desktop.portfolio.transactions import TransactionsPart  # noqa: PLC0415

        return TransactionsPart(desk)

    def tax() -> QWidget:
        from desktop.portfolio.tax import TaxPart  # noqa: PLC0415

        return TaxPart(desk)

    def income() -> QWidget:
        from desktop.portfolio.analyses import AnalysesPart  # noqa: PLC0415

        return AnalysesPart(desk, ("income",))

    def accounts() -> QWidget:
        from desktop.portfolio.accounts import AccountsPart  # noqa: PLC0415

        return AccountsPart(desk)

    def rebalancing() -> QWidget:
        from desktop.portfolio.rebalancing import RebalancingPart  # noqa: PLC0415

        return RebalancingPart(desk)

    return [
        ("overview", _translate("portfolio", "Overview"), overview),
        ("holdings", _translate("portfolio", "Holdings"), holdings),
        ("performance", _translate("portfolio", "Performance"), performance),
        ("transactions", _translate("portfolio", "Transactions"), transactions),
        ("tax", _translate("portfolio", "Lots & tax"), tax),
        ("income", _translate("portfolio", "Income"), income),
        ("accounts", _translate("portfolio", "Accounts"), accounts),
        ("rebalancing", _translate("portfolio", "Rebalancing"), rebalancing),
    ]

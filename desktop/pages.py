"""The pages beside the chat, each built when it is first shown."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.portfolio.importing import Importing
from desktop.tray import Tray
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from desktop.market.page import MarketPage
    from desktop.models.page import ModelsPage
    from desktop.settings.presenter import SettingsPresenter
    from engine.service import Service


class Pages(QObject):
    """Builds a page with its presenter; starting up stays quick."""

    show_wanted = Signal(str)
    ask_wanted = Signal(str, str)
    """Words and a call for a new conversation."""

    def __init__(
        self,
        service: "Service",
        bridge: Bridge,
        importing: Importing,
        toasts: Toasts,
        tray: Tray,
    ) -> None:
        super().__init__()
        self._service = service
        self._bridge = bridge
        self._importing = importing
        self._toasts = toasts
        self._tray = tray
        self._built: dict[str, QWidget] = {}
        self._market: MarketPage | None = None
        self._models: ModelsPage | None = None
        self._settings: SettingsPresenter | None = None

    def page(self, key: str) -> QWidget:
        """One of the pages of the sidebar but the chat."""
        if key not in self._built:
            build = {
                "portfolio": self._build_portfolio,
                "analysis": self._build_analysis,
                "alerts": self._build_alerts,
                "market": self._build_market,
                "models": self._build_models,
                "training": self._build_training,
                "settings": self._build_settings,
            }
            self._built[key] = build[key]()
        return self._built[key]

    def models(self) -> "ModelsPage":
        """The models page."""
        self.page("models")
        assert self._models is not None
        return self._models

    def settings(self) -> "SettingsPresenter":
        """The presenter of the settings page."""
        self.page("settings")
        assert self._settings is not None
        return self._settings

    def show_portfolio(self, tab: str) -> None:
        """Choose a tab of the portfolio page."""
        from desktop.portfolio.page import PortfolioPage  # noqa: PLC0415

        page = self.page("portfolio")
        assert isinstance(page, PortfolioPage)
        page.tabs.show_tab(tab)

    def _build_portfolio(self) -> QWidget:
        from desktop.portfolio.page import PortfolioPage  # noqa: PLC0415

        page = PortfolioPage(self._service, self._bridge, self._toasts)
        page.import_wanted.connect(self._importing.choose_transactions)
        page.prices_wanted.connect(self._importing.market.choose)
        page.demo_wanted.connect(self._importing.load_demo)
        page.undo_wanted.connect(self._importing.undo)
        page.ask_wanted.connect(self.ask_wanted.emit)
        return page

    def _build_analysis(self) -> QWidget:
        from desktop.analysis.page import AnalysisPage  # noqa: PLC0415

        page = AnalysisPage(self._service, self._bridge)
        page.ask_wanted.connect(self.ask_wanted.emit)
        page.market_wanted.connect(lambda: self.show_wanted.emit("market"))
        return page

    def _build_alerts(self) -> QWidget:
        from desktop.alerts.page import AlertsPage  # noqa: PLC0415

        return AlertsPage(self._service, self._bridge, self._toasts, self._tray.available())

    def _build_market(self) -> QWidget:
        from desktop.market.page import MarketPage  # noqa: PLC0415

        self._market = MarketPage(self._service, self._bridge, self._importing, self._toasts)
        return self._market

    def _show_online(self) -> None:
        self.show_wanted.emit("market")
        assert self._market is not None
        self._market.tabs.show_tab("online")

    def _build_models(self) -> QWidget:
        from desktop.models.page import ModelsPage  # noqa: PLC0415

        self._models = ModelsPage(self._service, self._bridge, self._toasts)
        self._models.show_wanted.connect(lambda: self.show_wanted.emit("models"))
        return self._models

    def _build_training(self) -> QWidget:
        from desktop.training.page import TrainingPage  # noqa: PLC0415

        page = TrainingPage(self._service, self._bridge, self._toasts)
        page.make_wanted.connect(self._make_of_run)
        return page

    def _make_of_run(self, run: str) -> None:
        self.show_wanted.emit("models")
        self.models().make(run)

    def _build_settings(self) -> QWidget:
        from desktop.settings.page import SettingsPage  # noqa: PLC0415
        from desktop.settings.presenter import SettingsPresenter  # noqa: PLC0415

        page = SettingsPage(str(self._service.paths.root), self._service.key_place)
        page.models_wanted.connect(lambda: self.show_wanted.emit("models"))
        page.alerts_wanted.connect(lambda: self.show_wanted.emit("alerts"))
        page.online_wanted.connect(self._show_online)
        self._settings = SettingsPresenter(self._service, self._bridge, page, self._toasts)
        return page

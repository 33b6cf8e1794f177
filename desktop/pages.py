"""The pages beside the chat, each built when it is first shown."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.portfolio.importing import Importing
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from desktop.models.presenter import ModelsPresenter
    from desktop.settings.presenter import SettingsPresenter
    from engine.service import Service


class Pages(QObject):
    """Builds a page with its presenter; starting up stays quick."""

    show_wanted = Signal(str)

    def __init__(
        self, service: "Service", bridge: Bridge, importing: Importing, toasts: Toasts
    ) -> None:
        super().__init__()
        self._service = service
        self._bridge = bridge
        self._importing = importing
        self._toasts = toasts
        self._built: dict[str, QWidget] = {}
        self._models: ModelsPresenter | None = None
        self._settings: SettingsPresenter | None = None

    def page(self, key: str) -> QWidget:
        """The page called portfolio, models or settings."""
        if key not in self._built:
            build = {
                "portfolio": self._build_portfolio,
                "models": self._build_models,
                "settings": self._build_settings,
            }
            self._built[key] = build[key]()
        return self._built[key]

    def models(self) -> "ModelsPresenter":
        """The presenter of the models page."""
        self.page("models")
        assert self._models is not None
        return self._models

    def settings(self) -> "SettingsPresenter":
        """The presenter of the settings page."""
        self.page("settings")
        assert self._settings is not None
        return self._settings

    def _build_portfolio(self) -> QWidget:
        from desktop.portfolio.page import PortfolioPage  # noqa: PLC0415
        from desktop.portfolio.presenter import PortfolioPresenter  # noqa: PLC0415

        page = PortfolioPage()
        page.import_wanted.connect(self._importing.choose_transactions)
        page.prices_wanted.connect(self._importing.choose_prices)
        page.demo_wanted.connect(self._importing.load_demo)
        page.undo_wanted.connect(self._importing.undo)
        PortfolioPresenter(self._service, self._bridge, page)
        return page

    def _build_models(self) -> QWidget:
        from desktop.models.page import ModelsPage  # noqa: PLC0415
        from desktop.models.presenter import ModelsPresenter  # noqa: PLC0415

        page = ModelsPage()
        self._models = ModelsPresenter(self._service, self._bridge, page, self._toasts)
        return page

    def _build_settings(self) -> QWidget:
        from desktop.settings.page import SettingsPage  # noqa: PLC0415
        from desktop.settings.presenter import SettingsPresenter  # noqa: PLC0415

        page = SettingsPage(str(self._service.paths.root), self._service.key_place)
        page.models_wanted.connect(lambda: self.show_wanted.emit("models"))
        self._settings = SettingsPresenter(self._service, self._bridge, page, self._toasts)
        return page

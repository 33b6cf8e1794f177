"""The section of the server for other programs: its switch, its address, its key."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QLineEdit, QSpinBox

from desktop.bridge import Bridge
from desktop.market.section import Section
from desktop.safetext import label
from desktop.settings.fields import field, show_value
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.dialogs import Question
from desktop.widgets.layout import boxed, column, row, rule
from desktop.widgets.switch import Switch
from desktop.widgets.titles import set_words
from desktop.widgets.toast import Toasts
from engine.core.settings import SettingValue, setting

if TYPE_CHECKING:
    from engine.service import ServerState, Service

_PORT = "server_port"


class ServerSection(Section):
    """Off unless the user switches it on; the key is fetched when it is wanted."""

    kinds = frozenset({"settings"})

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._toasts = toasts
        self._on = False
        card = CardFrame(self.tr("Server for other programs"))
        self.switch = Switch(self.tr("Server for other programs"))
        self.switch.clicked.connect(self._switch)
        card.header.addWidget(self.switch)
        words = self.tr(
            "Programs on this computer that know the key may ask the model, as they would ask "
            "OpenAI's service: editors, scripts, other chat windows. They reach the model alone; "
            "your portfolio, your chats and your files stay out of their reach. Other computers "
            "are not let in."
        )
        card.body.addWidget(label(words, "muted", wrap=True))
        self._state = label("", wrap=True)
        card.body.addWidget(self._state)
        self.address = _shown(self.tr("Address of the server"))
        self.key = _shown(self.tr("Key of the server"))
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.show_key = button(self.tr("Show"), self._show_or_hide)
        self.show_key.setAccessibleName(self.tr("Show the key"))
        renew = button(self.tr("New key…"), self._ask_renew)
        copy_address = button(self.tr("Copy"), partial(self._copy, self.address), icon="copy")
        copy_address.setAccessibleName(self.tr("Copy the address"))
        copy_key = button(self.tr("Copy"), partial(self._copy, self.key), icon="copy")
        copy_key.setAccessibleName(self.tr("Copy the key"))
        hint = self.tr(
            "The address with /v1 at its end is what programs call the base URL. Opened in a "
            "browser it shows a small chat page, which asks for the key."
        )
        self._running = boxed(
            column(
                label(self.tr("Address"), "small"),
                row(self.address, copy_address),
                label(hint, "small", wrap=True),
                4,
                label(self.tr("Key"), "small"),
                row(self.key, self.show_key, copy_key, renew),
                gap=6,
            )
        )
        self._running.hide()
        card.body.addWidget(self._running)
        port = setting(_PORT)
        self._port = field(port, port.default, self._change_port)
        if isinstance(self._port, QSpinBox):
            self._port.setGroupSeparatorShown(False)  # it is a name more than a number
        line = row(gap=16)
        about = column(label(self.tr("Port"), "strong"), gap=2)
        about.addWidget(label(self.tr(port.help), "small", wrap=True))
        line.addLayout(about, 1)
        line.addWidget(self._port)
        card.body.addWidget(rule())
        card.body.addLayout(line)
        self.setLayout(column(card))

    def refresh(self) -> None:
        """Look again what the server does."""
        settings, serving = self._service.settings, self._service.serving
        self._bridge.run(
            lambda: (bool(settings.get("server")), settings.get(_PORT), serving.state()),
            lambda found: self._show(*found),
            owner=self,
        )

    def _show(self, on: bool, port: SettingValue, state: "ServerState") -> None:
        self._on = on
        self.switch.setChecked(on)
        show_value(self._port, port)
        if state.trouble:
            set_words(self._state, state.trouble, "error")
        elif state.running:
            busy = self.tr("It runs and is writing {} answers.").format(state.busy)
            set_words(self._state, busy if state.busy else self.tr("It runs."), "strong")
        else:
            set_words(self._state, self.tr("It is off."), "strong")
        self._running.setVisible(state.running)
        self.address.setText(state.address)
        if state.running:
            run = self._bridge.run
            run(self._service.serving.key, self._show_the_key, self._failed, owner=self)
        else:
            self.key.clear()

    def _show_the_key(self, key: str) -> None:
        if key != self.key.text():
            self.key.setText(key)
            self.key.setCursorPosition(0)

    def _switch(self, on: bool) -> None:
        self.switch.setChecked(self._on)
        self._set("server", on)

    def _change_port(self, value: SettingValue) -> None:
        self._set(_PORT, value)

    def _set(self, key: str, value: SettingValue) -> None:
        change = partial(self._service.settings.set, key, value)
        self._bridge.run(change, lambda _: self.refresh(), self._failed, owner=self)

    def _failed(self, sentence: str) -> None:
        set_words(self._state, sentence, "error")

    def _show_or_hide(self) -> None:
        hidden = self.key.echoMode() == QLineEdit.EchoMode.Password
        modes = QLineEdit.EchoMode
        self.key.setEchoMode(modes.Normal if hidden else modes.Password)
        self.show_key.setText(self.tr("Hide") if hidden else self.tr("Show"))
        self.show_key.setAccessibleName(
            self.tr("Hide the key") if hidden else self.tr("Show the key")
        )

    def _copy(self, shown: QLineEdit) -> None:
        QApplication.clipboard().setText(shown.text())
        self._toasts.show(self.tr("Copied."))

    def _ask_renew(self) -> None:
        renew = self._service.serving.renew_key
        said = self.tr("The key is new.")
        Question(
            self.window(),
            self.tr("Make a new key?"),
            self.tr("Programs that know the old one are locked out until they get the new one."),
            self.tr("Make a new key"),
            lambda: self._bridge.run(
                renew, lambda _: self._toasts.show(said), self._failed, owner=self
            ),
        )


def _shown(name: str) -> QLineEdit:
    """A text to be read and copied, not changed."""
    shown = QLineEdit()
    shown.setReadOnly(True)
    shown.setAccessibleName(name)
    return shown

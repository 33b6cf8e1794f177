"""The only way untrusted text reaches the screen: imported files, tool results, model output.

Text is cleaned of characters that lie about what is written, labels never interpret it, and the
one rich-text widget can load nothing and opens nothing without showing the address first.
"""

import html
import re
from urllib.parse import urlsplit

from PySide6.QtCore import QByteArray, QCoreApplication, QMimeData, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextOption
from PySide6.QtWidgets import QFrame, QLabel, QMessageBox, QTextBrowser, QWidget

_translate = QCoreApplication.translate

LIMIT = 200_000
"""Longest text shown, in characters; a longer one is cut with a sentence saying so."""

# Control characters except tab and line feed; bidirectional overrides, embeddings and isolates;
# zero-width and tag characters; what Qt uses inside a document (U+FDD0…, U+FFFC); surrogates.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# A pile of combining marks covers the lines above and below it.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_PILES = re.compile(f"({_MARK}{{3}}){_MARK}+")


def clean(text: str, limit: int = LIMIT) -> str:
    """The text without deceptive or harmful characters, at most limit characters long."""
    cut = len(text) > limit
    text = _BREAKS.sub("\n", text[:limit])
    text = _PILES.sub(r"\1", _FORBIDDEN.sub("", text))
    return text + "\n\n" + _too_long() if cut else text


def one_line(text: str, limit: int = 200) -> str:
    """The text as one short line, for titles, table cells and buttons."""
    text = " ".join(clean(text[: limit + 1]).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def button_text(text: str) -> str:
    """Text for a button, where a single "&" would mark a shortcut."""
    return one_line(text).replace("&", "&&")


def tooltip(text: str) -> str:
    """Text for a tooltip, which Qt would otherwise take for HTML when it looks like it."""
    return f"<qt>{html.escape(clean(text, 2_000))}</qt>"


def notification(text: str) -> str:
    """Text for a desktop notification; some desktops interpret markup in it."""
    return one_line(text).translate({ord("<"): "‹", ord(">"): "›", ord("&"): "+"})


def label(text: str, role: str = "body", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A label that shows the text as it is; role names its look in the style sheet."""
    result = QLabel()
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setText(clean(text))
    result.setProperty("role", role)
    result.setWordWrap(wrap)
    if selectable:
        # Mouse only: text that must be reachable by keyboard is in a SafeBrowser.
        result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return result


def safe_address(address: str) -> str | None:
    """The address if it may be offered to the browser (https with a plain host), else None."""
    try:
        parts = urlsplit(address.strip())
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            return None
        _ = parts.port
    except ValueError:
        return None
    url = QUrl(address.strip(), QUrl.ParsingMode.StrictMode)
    return str(url.toEncoded().data(), "ascii") if url.isValid() else None


def ask_before_opening(parent: QWidget | None, address: str) -> QMessageBox | None:
    """Show an address in full and open it in the browser only if the user says so.

    Returns the open question, or None if the address may not be opened at all.
    """
    safe = safe_address(address)
    if safe is None:
        return None
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(_translate("safetext", "Open a web page?"))
    box.setText(_translate("safetext", "This opens in your web browser, outside Assay:"))
    site = _translate("safetext", "Site: ") + (urlsplit(safe).hostname or "")
    box.setInformativeText(f"{safe[:2_000]}\n\n{site}")
    open_button = box.addButton(_translate("safetext", "Open"), QMessageBox.ButtonRole.AcceptRole)
    cancel = box.addButton(_translate("safetext", "Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    open_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(safe)))
    box.open()
    return box


class SafeBrowser(QTextBrowser):
    """Rich text that loads no resource of any kind and asks before it opens a link."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._clicked)

    def loadResource(self, kind: int, name: QUrl | str) -> QByteArray:
        """Empty bytes: no file, no address, no data URL is ever read for a document.

        For None the document would go on and read local files by itself.
        """
        return QByteArray()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copies plain text only, so that nothing rich travels to another program."""
        data = QMimeData()
        data.setText(self.textCursor().selection().toPlainText())
        return data

    def _clicked(self, url: QUrl) -> None:
        ask_before_opening(self.window(), url.toString(QUrl.ComponentFormattingOption.FullyEncoded))


def _too_long() -> str:
    return _translate("safetext", "The rest is not shown: it is too long.")

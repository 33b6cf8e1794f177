"""Design tokens, the palette and style sheet made of them, and tinted icons."""

from desktop.theme.manager import Theme, follow_theme, theme
from desktop.theme.tokens import Tokens

__all__ = ["Theme", "Tokens", "follow_theme", "theme"]

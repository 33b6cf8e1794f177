"""Reusable parts of the screens: cards, tables, charts, badges, toasts, text."""

"""Turns a question into a checked tool call and a grounded answer."""

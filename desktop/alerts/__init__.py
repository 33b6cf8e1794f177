"""The list of alerts, and how a fired one is shown."""

"""The settings of alerts, which are changed on the page of the alerts only."""

KEYS = (
    "quiet_hours_start",
    "quiet_hours_end",
    "alert_sound",
    "notifications",
    "alert_command",
    "alert_interval_seconds",
    "keep_in_tray",
)

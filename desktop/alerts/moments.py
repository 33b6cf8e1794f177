"""Moments as the user's clock shows them."""

from datetime import datetime

from desktop.widgets.figures import day_text


def moment_text(moment: datetime) -> str:
    """A moment (aware) as "12 Mar 2025, 14:03" in the computer's time zone."""
    local = moment.astimezone()
    return f"{day_text(local.date())}, {local:%H:%M}"

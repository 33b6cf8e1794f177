"""The one typed table of settings that feeds the dialog, the checks and the docs."""

import re
from dataclasses import dataclass
from typing import Literal

from engine.core.errors import KnownError
from engine.core.records import FIAT

SettingValue = bool | int | str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; minimum and maximum bound an "int", choices list a "choice", a "time" is a time
    of day such as 22:00, or "" for none."""

    key: str
    kind: Literal["bool", "int", "choice", "text", "time"]
    default: SettingValue
    label: str
    help: str
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "theme",
        "choice",
        "system",
        "Appearance",
        "Light, dark, or whatever the system uses.",
        ("system", "light", "dark"),
    ),
    Setting(
        "currency",
        "choice",
        "USD",
        "Currency",
        "The currency in which values, gains and prices are shown.",
        ("USD", "EUR", "GBP", "CHF", *sorted(FIAT - {"USD", "EUR", "GBP", "CHF"})),
    ),
    Setting(
        "model",
        "text",
        "",
        "Model",
        "The model that writes the answers; empty means the starter model.",
    ),
    Setting(
        "answers_from",
        "text",
        "",
        "Answers come from",
        "The name of a model server on another computer; empty means the model on this one.",
    ),
    Setting(
        "context_tokens",
        "int",
        8_192,
        "Memory of a conversation (tokens)",
        "How much of a conversation the model can look at, at most; more needs more memory. A "
        "token is about three quarters of a word.",
        minimum=1_024,
        maximum=131_072,
    ),
    Setting(
        "chat_memory_mb",
        "int",
        2_048,
        "Remembered chats (MB)",
        "What the model has read of your chats is kept, encrypted, so that an old one goes on at "
        "once; the chats used longest ago go first. 0 keeps nothing.",
        maximum=1_000_000,
    ),
    Setting(
        "model_hub",
        "text",
        "https://huggingface.co",
        "Models come from",
        "The address that model files are downloaded from when you ask for one: the Hugging Face "
        "Hub or a mirror of it.",
    ),
    Setting(
        "download_limit",
        "int",
        0,
        "Download at most (kB per second)",
        "How much of your connection the download of a model may take; 0 is all of it.",
        maximum=10_000_000,
    ),
    Setting(
        "server",
        "bool",
        False,
        "Server for other programs",
        "Programs on this computer that know the key may ask the model; your portfolio stays out "
        "of their reach.",
    ),
    Setting(
        "server_port",
        "int",
        8642,
        "Port of the server",
        "Programs find the server at 127.0.0.1 and this number.",
        minimum=1_024,
        maximum=65_535,
    ),
    Setting(
        "alert_interval_seconds",
        "int",
        60,
        "Check alerts every (seconds)",
        "How often alerts are compared with the newest prices.",
        minimum=5,
        maximum=86_400,
    ),
    Setting(
        "notifications",
        "bool",
        True,
        "Desktop notifications",
        "Show a notification when an alert fires.",
    ),
    Setting(
        "alert_sound",
        "bool",
        True,
        "Sound of alerts",
        "Make a sound when an alert fires, unless its priority is low.",
    ),
    Setting(
        "quiet_hours_start",
        "time",
        "",
        "Quiet hours begin at",
        "From this time of day (such as 22:00) alerts wait, unless their priority is high.",
    ),
    Setting(
        "quiet_hours_end",
        "time",
        "",
        "Quiet hours end at",
        "At this time of day (such as 07:00) the alerts that waited are shown.",
    ),
    Setting(
        "alert_command",
        "text",
        "",
        "Program for alerts",
        "A program that is run for every alert, with its title and its text as two arguments.",
    ),
    Setting(
        "keep_in_tray",
        "bool",
        False,
        "Watch on with the window closed",
        "Closing the window leaves Assay running behind an icon in the system's tray.",
    ),
    Setting(
        "online_refresh_minutes",
        "int",
        15,
        "Refresh prices every (minutes)",
        "While Assay watches, it asks the sources of prices that are on for the coins of your "
        "alerts and your portfolio this often; 0 means only when you ask.",
        maximum=1_440,
    ),
    Setting(
        "online_coingecko",
        "bool",
        False,
        "Online: CoinGecko",
        "Assay asks api.coingecko.com for prices of the coins you hold; it learns which coins and "
        "your IP address.",
    ),
    Setting(
        "online_binance",
        "bool",
        False,
        "Online: Binance",
        "Assay asks api.binance.com for daily prices of the coins you hold; it learns which coins "
        "and your IP address.",
    ),
    Setting(
        "online_kraken",
        "bool",
        False,
        "Online: Kraken",
        "Assay asks api.kraken.com for daily prices of the coins you hold; it learns which coins "
        "and your IP address.",
    ),
    Setting(
        "online_defillama",
        "bool",
        False,
        "Online: DefiLlama",
        "Assay asks yields.llama.fi for the yields of pools; it learns whose history you look at "
        "and your IP address.",
    ),
    Setting(
        "online_nodes",
        "bool",
        False,
        "Online: your Ethereum nodes",
        "Assay asks the nodes you have named about addresses and contracts; they learn which, and "
        "your IP address.",
    ),
)

_BY_KEY = {setting.key: setting for setting in SETTINGS}
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")
_WHOLE = re.compile(r"[0-9]{1,18}")
_BOOLEANS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


def setting(key: str) -> Setting:
    """The row of the table for a key; KnownError if there is none."""
    try:
        return _BY_KEY[key]
    except KeyError:
        raise KnownError(
            f"There is no setting called {key!r}.", f"Known settings: {', '.join(_BY_KEY)}."
        ) from None


def validate(key: str, value: object) -> SettingValue:
    """The value in the type of its setting, read from text if need be ("true", "60").

    Raises KnownError with one sentence if the key is unknown or the value does not fit.
    """
    row = setting(key)
    if row.kind == "bool":
        return _boolean(row, value)
    if row.kind == "int":
        return _integer(row, value)
    if not isinstance(value, str):
        raise KnownError(f"{row.label} must be text.")
    if row.kind == "time":
        return _time(row, value.strip())
    if row.kind == "choice":
        for choice in row.choices:
            if choice.lower() == value.lower():
                return choice
        raise KnownError(
            f"{value!r} is not a choice for {row.label}.",
            f"Choose one of {', '.join(row.choices)}.",
        )
    return value


def _boolean(row: Setting, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise KnownError(f"{row.label} is either on or off.")


def _time(row: Setting, value: str) -> str:
    if value and not _TIME.fullmatch(value):
        raise KnownError(f"{row.label} must be a time of day such as 22:00, or empty for none.")
    return value.rjust(5, "0") if value else ""


def _integer(row: Setting, value: object) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise KnownError(f"{row.label} must be a whole number.")
    if not row.minimum <= value <= row.maximum:
        raise KnownError(f"{row.label} must lie between {row.minimum} and {row.maximum}.")
    return value

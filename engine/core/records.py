"""The records the ledger computes from and the store keeps."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

# fmt: off
FIAT = frozenset({
    "USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "RON", "BGN", "TRY", "ILS", "ZAR", "INR", "CNY", "HKD", "SGD", "KRW", "TWD", "THB",
    "IDR", "MYR", "PHP", "VND", "MXN", "BRL", "ARS", "CLP", "COP", "AED", "SAR", "UAH", "NGN",
})
# fmt: on

TransactionKind = Literal[
    "buy",
    "sell",
    "trade",
    "deposit",
    "withdrawal",
    "transfer",
    "income",
    "fee",
    "spend",
    "gift",
    "loss",
    "nft_buy",
    "nft_sell",
    "lp_add",
    "lp_remove",
    "correction",
]

INCOME_KINDS = ("", "staking", "airdrop", "interest", "mining", "lp_reward", "other")
"""What an income is; "" where the source does not say."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement of the user's assets; amounts are never negative, time is UTC.

    buy: in = crypto, out = fiat. sell: in = fiat, out = crypto. trade: crypto for crypto.
    deposit, withdrawal, fee: one side only. income: in only, `value` = its fiat value if known,
    income_kind one of INCOME_KINDS. spend, loss: out only; gift, correction: one side, in or out.
    nft_buy, nft_sell: an NFT (see `is_nft`) against money or a coin. lp_add, lp_remove: a coin
    against shares of a pool; a pool of two coins takes two rows.
    transfer between own accounts: asset_out == asset_in, `account` = from, `to_account` = to.
    row_hash identifies the imported row; id and batch_id are given by the store. tag: the user's.
    """

    time: datetime
    kind: TransactionKind
    account: str
    asset_in: str | None
    amount_in: Decimal
    asset_out: str | None
    amount_out: Decimal
    fee_asset: str | None
    fee_amount: Decimal
    value: Decimal | None
    value_currency: str | None
    note: str
    row_hash: str
    id: int | None = None
    batch_id: int | None = None
    to_account: str | None = None
    income_kind: str = ""
    tag: str = ""

    def __post_init__(self) -> None:
        if self.time.tzinfo is not UTC and self.time.utcoffset() != timedelta(0):
            raise ValueError("a transaction's time must be in UTC")


@dataclass(frozen=True, slots=True)
class PricePoint:
    """The price of one asset on one UTC day, in `currency`; source names where it came from."""

    asset: str
    currency: str
    day: date
    close: Decimal
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    source: str = ""


SIMULATED = "demo"
"""The source of the prices that come and go with the demo."""
MANUAL = "manual"
"""The source of the prices and rates that the user has entered; they count before all others."""


def is_nft(asset: str | None) -> bool:
    """Whether a symbol is one item of a collection, such as PUNKS#7804; it is never in a total."""
    return asset is not None and "#" in asset


MAX_PRICE_AGE = timedelta(days=7)
"""The last known close stands in for a missing one for this long, with its day shown."""

"""What the transaction types in Coinbase's history mean, in lower case.

The names are those of the exports since 2018; Coinbase describes most of them as the transaction
types of its API. A type whose meaning is not certain is refused with a reason.
"""

BUYS = frozenset({"buy", "advanced trade buy", "advance trade buy"})
SELLS = frozenset({"sell", "advanced trade sell", "advance trade sell"})
INCOME = {
    "airdrop": "airdrop",
    "coinbase earn": "other",
    "credit card reward": "other",
    "earn payout": "other",
    "incentives rewards payout": "other",
    "inflation reward": "staking",
    "interest payout": "interest",
    "learning reward": "other",
    "reward income": "other",
    "rewards income": "other",
    "staking income": "staking",
    "subscription rebate": "other",
    "subscription rebates (24 hours)": "other",
}
"""With the kind of income."""
RECEIVED = frozenset({"receive", "deposit", "fiat deposit"})
SENT = frozenset(
    {
        "admin debit",
        "clawback",
        "donation",
        "fiat withdrawal",
        "incentives shared clawback",
        "send",
        "withdrawal",
    }
)
CARD = frozenset({"card spend", "cardspend"})
"""Coins are sold and the money goes to a shop."""
SUBSCRIPTION = "subscription"
"""The price of Coinbase One: money, or coins that are sold for it."""
INTERNAL = frozenset(
    {
        "cash to savings",
        "retail eth2 deprecation",
        "retail staking transfer",
        "retail unstaking transfer",
        "savings to cash",
        "vault withdrawal",
    }
)

_PLACES = {"exchange": "Coinbase Pro", "pro": "Coinbase Pro", "prime": "Coinbase Prime"}
DEPOSITS = {f"{name} deposit": place for name, place in _PLACES.items()}
"""Moves to another account of the user at Coinbase, which is named."""
WITHDRAWALS = {f"{name} withdrawal": place for name, place in _PLACES.items()}
"""Moves back from there."""

_EXCHANGED = "it does not say which coin came in its place"
_OTHER_SIDE = "it does not say which account is on the other side"
_FUTURES = "futures are not read"
UNCERTAIN = {
    "asset migration": _EXCHANGED,
    "card buy back": "it does not say whether this is a refund or a reward",
    "cardbuyback": "it does not say whether this is a refund or a reward",
    "cfm funding": _FUTURES,
    "derivatives settlement": _FUTURES,
    "portfolio transfer": _OTHER_SIDE,
    "retail simple dust": _EXCHANGED,
    "transfer": _OTHER_SIDE,
    "unwrap asset": _EXCHANGED,
    "wrap asset": _EXCHANGED,
}
"""Why rows of these known types are refused."""

"""Which sides a transaction of each kind has: the same for rows of files and for what is typed."""

from engine.core.fields import FieldError
from engine.core.records import TransactionKind, is_nft
from engine.ledger.importers.base import Amount, exchange_kind

Sides = tuple[TransactionKind, Amount | None, Amount | None]
"""The kind, what came in and what went out."""

_EXCHANGES = frozenset({"buy", "sell", "trade", "nft_buy", "nft_sell", "lp_add", "lp_remove"})
_POOLS = frozenset({"lp_add", "lp_remove"})
_RECEIVED = frozenset({"deposit", "income"})
_SENT = frozenset({"withdrawal", "fee", "spend", "loss"})


def settled(
    kind: TransactionKind, received: Amount | None, sent: Amount | None, to_account: str | None
) -> Sides:
    """The sides as the kind has them; a "buy" paid in another coin is a trade, for instance.

    Raises FieldError if a side is missing or one too many.
    """
    if (kind == "transfer") != (to_account is not None):
        raise FieldError("a transfer, and only a transfer, names the account it goes to")
    if kind == "transfer":
        return _transfer(received, sent)
    if kind in _EXCHANGES:
        return _exchange(kind, received, sent)
    if kind in _RECEIVED and (sent or not received):
        raise FieldError(f"{kind} needs what came in, and nothing that went out")
    if kind in _SENT and (received or not sent):
        raise FieldError(f"{kind} needs what went out, and nothing that came in")
    if (received is None) == (sent is None):
        raise FieldError(f"a {kind} needs what came in or what went out, not both")
    return kind, received, sent


def _exchange(kind: TransactionKind, received: Amount | None, sent: Amount | None) -> Sides:
    if not received or not sent:
        raise FieldError(f"a {kind} needs what came in and what went out")
    if received[0] == sent[0]:
        raise FieldError(f"it exchanges {received[0]} for itself")
    is_exchange_of_nfts = is_nft(received[0]) or is_nft(sent[0])
    if kind in ("nft_buy", "nft_sell") and not is_exchange_of_nfts:
        raise FieldError("an NFT is its collection and its number, such as PUNKS#7804")
    if kind in _POOLS or (kind == "nft_sell" and is_nft(sent[0])):
        return kind, received, sent
    return exchange_kind(received[0], sent[0]), received, sent


def _transfer(received: Amount | None, sent: Amount | None) -> Sides:
    side = sent or received
    if side is None:
        raise FieldError("a transfer needs an asset and an amount")
    if received and sent and received != sent:
        raise FieldError("a transfer has the same asset and amount on both sides; use the fee")
    return "transfer", side, side

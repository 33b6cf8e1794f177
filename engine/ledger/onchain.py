"""Transactions from what moved on a chain, as a dry run like that of a file.

Anyone can send anyone a token of any name. So a token counts only if the user watches it, or has
moved it by a transaction of their own and it poses as no other; the rest is left out and named.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from engine.analytics.scorecard.impersonation import impersonates
from engine.core.csvfile import RefusedRow
from engine.core.fields import FieldError, check_time, read_positive, read_symbol
from engine.core.money import format_amount
from engine.core.records import FIAT, Transaction
from engine.ledger.importers import ImportPreview
from engine.ledger.importers.base import Amount, build
from engine.market.onchain.address import short
from engine.market.onchain.erc20 import Token
from engine.market.onchain.transfers import ChainTransaction, Movement, Transfers

SOURCE = "on-chain"
_FEE = "fee"
"""The place, within a transaction, of a fee that is a row of its own."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class ChainBook:
    """How a chain is written into the ledger.

    native: its coin. accounts: of the user's addresses. watched: symbols of tokens the user knows,
    by address.
    """

    chain_id: int
    native: str
    accounts: Mapping[str, str]
    watched: Mapping[str, str]


def preview_transfers(
    found: Transfers,
    book: ChainBook,
    existing: Callable[[set[str]], set[str]],
    now: datetime,
    name: str,
) -> ImportPreview:
    """Dry run. existing: which of these row hashes are stored. name: of the node."""
    work = _Work(book, _symbols(found.transactions, book), now)
    groups = [work.rows(one) for one in found.transactions]
    fees = [work.hash_of(one, _FEE) for one in found.transactions]
    hashes = sorted({row.row_hash for group in groups for row in group})
    stored = existing({*hashes, *fees})
    new: list[Transaction] = []
    known: list[Transaction] = []
    for group, fee in zip(groups, fees, strict=True):
        fresh = [row for row in group if row.row_hash not in stored]
        known += [row for row in group if row.row_hash in stored]
        # The fee of a transaction that is stored in part has been counted with that part.
        paid = len(fresh) < len(group) or fee in stored
        new += [_without_fee(row) for row in fresh if row.row_hash != fee] if paid else fresh
    return ImportPreview(
        source=SOURCE,
        file_name=f"{name}, blocks {found.blocks.first} to {found.blocks.last}",
        file_hash=hashlib.sha256("".join(hashes).encode()).hexdigest(),
        rows=tuple(new),
        duplicates=tuple(RefusedRow(0, "it is already imported", row.note) for row in known),
        refused=tuple(work.refused),
        warnings=(*work.warnings(), *_gaps(found, book)),
    )


@dataclass(slots=True)
class _Work:
    book: ChainBook
    symbols: Mapping[str, str]
    now: datetime
    refused: list[RefusedRow] = field(default_factory=list)
    left_out: Counter[Token] = field(default_factory=Counter)

    def rows(self, one: ChainTransaction) -> list[Transaction]:
        """The rows of one transaction; those that cannot be are refused."""
        try:
            check_time(one.time, self.now)
            moved = [(m, amount) for m in one.movements if (amount := self._amount(m))]
        except FieldError as error:
            self.refused.append(RefusedRow(one.block, str(error), one.tx_hash))
            return []
        mine = self.book.accounts
        out = [(m, a) for m, a in moved if m.sender in mine and m.recipient not in mine]
        into = [(m, a) for m, a in moved if m.recipient in mine and m.sender not in mine]
        within = [(m, a) for m, a in moved if m.recipient in mine and m.sender in mine]
        if _is_swap(one, out, into):
            rows = [self._swap(one, out[0], into[0])]
        else:
            rows = [self._row(one, *pair) for pair in (*out, *within, *into)]
        return self._with_fee(one, rows)

    def warnings(self) -> list[str]:
        """What was left out."""
        if not self.left_out:
            return []
        count = sum(self.left_out.values())
        names = [
            f"{token.symbol or 'nameless'} at {token.address}"
            for token, _ in self.left_out.most_common(_NAMED)
        ]
        more = ["…"] if len(self.left_out) > _NAMED else []
        which = "transfers of tokens you neither watch nor have moved yourself"
        return [f"Left out {count:,}: {which} ({', '.join(names + more)})."]

    def _amount(self, moved: Movement) -> Amount | None:
        """None for a token that is left out; FieldError for an amount that cannot be."""
        symbol = self.book.native if moved.token is None else self.symbols.get(moved.token.address)
        if symbol is None or moved.amount is None:
            if moved.token is not None:
                self.left_out[moved.token] += 1
            return None
        return symbol, read_positive(f"{moved.amount:f}", "amount")

    def _row(self, one: ChainTransaction, moved: Movement, amount: Amount) -> Transaction:
        sender, receiver = self._account(moved.sender), self._account(moved.recipient)
        note, row_hash = self._note(one), self.hash_of(one, moved.place)
        if sender and receiver:
            return build(one.time, "transfer", sender, received=amount, sent=amount,
                         to_account=receiver, note=note, row_hash=row_hash)  # fmt: skip
        if sender:
            return build(one.time, "withdrawal", sender, sent=amount, note=note, row_hash=row_hash)
        return build(
            one.time, "deposit", receiver or "", received=amount, note=note, row_hash=row_hash
        )

    def _swap(
        self, one: ChainTransaction, out: tuple[Movement, Amount], into: tuple[Movement, Amount]
    ) -> Transaction:
        return build(one.time, "trade", self._account(one.signer) or "", received=into[1],
                     sent=out[1], note=self._note(one),
                     row_hash=self.hash_of(one, out[0].place))  # fmt: skip

    def _with_fee(self, one: ChainTransaction, rows: list[Transaction]) -> list[Transaction]:
        """The fee goes with what the signer sent; else it is a row of its own."""
        payer = self._account(one.signer)
        if one.fee is None or payer is None:
            return rows
        fee = (self.book.native, one.fee)
        for i, row in enumerate(rows):
            if row.asset_out and row.account == payer:
                paid = replace(row, fee_asset=fee[0], fee_amount=fee[1])
                return [*rows[:i], paid, *rows[i + 1 :]]
        alone = build(one.time, "fee", payer, sent=fee, note=self._note(one),
                      row_hash=self.hash_of(one, _FEE))  # fmt: skip
        return [*rows, alone]

    def _account(self, address: str) -> str | None:
        return self.book.accounts.get(address)

    def hash_of(self, one: ChainTransaction, place: str) -> str:
        """Of the chain, the transaction and the place in it, which no node can change."""
        return hashlib.sha256(
            f"{SOURCE}|{self.book.chain_id}|{one.tx_hash}|{place}".encode()
        ).hexdigest()

    def _note(self, one: ChainTransaction) -> str:
        return f"{one.tx_hash} in block {one.block}"


def _is_swap(
    one: ChainTransaction,
    out: Sequence[tuple[Movement, Amount]],
    into: Sequence[tuple[Movement, Amount]],
) -> bool:
    """One coin out and another one in for whoever signed: the two are each other's price."""
    return (
        len(out) == len(into) == 1
        and out[0][0].sender == into[0][0].recipient == one.signer
        and out[0][1][0] != into[0][1][0]
    )


def _symbols(transactions: Iterable[ChainTransaction], book: ChainBook) -> dict[str, str]:
    """The symbols of the tokens that count, by address; no two share one."""
    symbols = dict(book.watched)
    taken = Counter({book.native: 1, **Counter(symbols.values())})
    claimed = {
        moved.token.address: symbol
        for one in transactions
        if one.signer in book.accounts
        for moved in one.movements
        if moved.token is not None and moved.token.address not in symbols
        if (symbol := safe_symbol(moved.token, book.chain_id)) is not None
    }
    taken.update(claimed.values())
    return symbols | {at: symbol for at, symbol in claimed.items() if taken[symbol] == 1}


def safe_symbol(token: Token, chain_id: int) -> str | None:
    """The symbol a token claims; None if it has none, poses as another coin, or as money."""
    if impersonates(token.name, token.symbol, token.address, str(chain_id)):
        return None
    try:
        symbol = read_symbol(token.symbol)
    except FieldError:
        return None
    return None if symbol in FIAT or "#" in symbol else symbol


def _without_fee(row: Transaction) -> Transaction:
    return replace(row, fee_asset=None, fee_amount=Decimal(0))


def _gaps(found: Transfers, book: ChainBook) -> list[str]:
    """Sentences on what a node cannot show."""
    says = []
    if not found.whole:
        says.append(
            f"Movements of {book.native} without a token were not looked for, as the range is "
            "long; ask for a shorter one, or import Etherscan's file."
        )
    for address, gap in found.unexplained.items():
        if gap:
            says.append(
                f"The {book.native} of {short(address)} changed by {format_amount(gap)} beyond "
                "what these rows explain: contracts can pay it out without a trace."
            )
    return says

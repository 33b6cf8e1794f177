"""rp2's FIFO over purchases and sales of one coin; `lots.py` runs it with its own interpreter.

Standard input: one line for each transaction, "time kind amount money fee", in order of time.
Output: the seconds of rp2's computation alone (no reading, no report), and the sum of the gains.
"""

import logging
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from prezzemolo.avl_tree import AVLTree
from rp2.accounting_engine import AccountingEngine
from rp2.configuration import MAX_DATE, MIN_DATE, Configuration
from rp2.in_transaction import InTransaction
from rp2.input_data import InputData
from rp2.out_transaction import OutTransaction
from rp2.plugin.accounting_method.fifo import AccountingMethod
from rp2.plugin.country.us import US
from rp2.rp2_decimal import RP2Decimal
from rp2.tax_engine import compute_tax
from rp2.transaction_set import TransactionSet

COLUMNS = {
    "in": "timestamp asset exchange holder transaction_type spot_price crypto_in fiat_fee",
    "out": "timestamp asset exchange holder transaction_type spot_price "
    "crypto_out_no_fee crypto_fee",
    "intra": "timestamp asset from_exchange from_holder to_exchange to_holder spot_price "
    "crypto_sent crypto_received",
}


def configuration() -> Configuration:
    """One coin, one exchange, one holder."""
    text = "[general]\nassets = C\nexchanges = K\nholders = H\n"
    for table, names in COLUMNS.items():
        text += f"[{table}_header]\n"
        text += "".join(f"{name} = {place}\n" for place, name in enumerate(names.split()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rp2.ini")
        path.write_text(text)
        return Configuration(str(path), US())


def main() -> None:
    """Reads, computes and prints."""
    logging.disable(logging.CRITICAL)
    settings = configuration()
    sets = {
        name: TransactionSet(settings, name, "C", MIN_DATE, MAX_DATE)
        for name in ("IN", "OUT", "INTRA")
    }
    for row, line in enumerate(sys.stdin, 1):
        when, kind, *figures = line.split()
        amount, money, fee = (RP2Decimal(figure) for figure in figures)
        if kind == "buy":
            where = (settings, when, "C", "K", "H", "BUY", money / amount, amount)
            sets["IN"].add_entry(InTransaction(*where, fiat_in_no_fee=money, fiat_fee=fee, row=row))
        else:
            net = money - fee
            where = (settings, when, "C", "K", "H", "SELL", net / amount, amount, RP2Decimal(0))
            sets["OUT"].add_entry(OutTransaction(*where, fiat_out_no_fee=net, row=row))
    methods = AVLTree()
    methods.insert_node(MIN_DATE.year, AccountingMethod())
    started = time.perf_counter()
    data = InputData("C", sets["IN"], sets["OUT"], sets["INTRA"], MIN_DATE, MAX_DATE)
    computed = compute_tax(settings, AccountingEngine(methods), data)
    seconds = time.perf_counter() - started
    gain = sum((Decimal(one.fiat_gain) for one in computed.gain_loss_set), Decimal(0))
    print(seconds, gain)


if __name__ == "__main__":
    main()

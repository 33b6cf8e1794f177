"""The importers of exchanges beside the first ones, in the order in which a header is tried."""

from engine.ledger.importers.base import Importer
from engine.ledger.importers.binance_trades import BINANCE_TRADES
from engine.ledger.importers.binance_transfers import BINANCE_TRANSFERS
from engine.ledger.importers.bitfinex import BITFINEX
from engine.ledger.importers.bitstamp import BITSTAMP
from engine.ledger.importers.bybit import BYBIT
from engine.ledger.importers.coinbase_pro import COINBASE_PRO
from engine.ledger.importers.crypto_com import CRYPTO_COM
from engine.ledger.importers.gate import GATE
from engine.ledger.importers.kraken_trades import KRAKEN_TRADES
from engine.ledger.importers.kucoin import KUCOIN
from engine.ledger.importers.nexo import NEXO
from engine.ledger.importers.okx import OKX, OKX_FUNDING
from engine.ledger.importers.uphold import UPHOLD

EXCHANGES: tuple[Importer, ...] = (
    BINANCE_TRADES,
    BINANCE_TRANSFERS,
    COINBASE_PRO,
    KRAKEN_TRADES,
    KUCOIN,
    CRYPTO_COM,
    BITSTAMP,
    BITFINEX,
    OKX,
    OKX_FUNDING,
    BYBIT,
    GATE,
    NEXO,
    UPHOLD,
)

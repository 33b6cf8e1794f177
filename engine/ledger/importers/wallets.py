"""The importers of wallets, block explorers and other trackers, in the order they are tried."""

from engine.ledger.importers.base import Importer
from engine.ledger.importers.bitcoin_tax import BITCOIN_TAX
from engine.ledger.importers.bittytax import BITTYTAX
from engine.ledger.importers.coinledger import COINLEDGER
from engine.ledger.importers.cointracking import COINTRACKING
from engine.ledger.importers.etherscan import ETHERSCAN
from engine.ledger.importers.etherscan_nfts import ETHERSCAN_NFTS
from engine.ledger.importers.etherscan_tokens import ETHERSCAN_TOKENS
from engine.ledger.importers.ghostfolio import GHOSTFOLIO
from engine.ledger.importers.ledger_live import LEDGER_LIVE
from engine.ledger.importers.rotki import ROTKI_EVENTS, ROTKI_TRADES
from engine.ledger.importers.trezor import TREZOR
from engine.ledger.importers.wealthfolio import WEALTHFOLIO

WALLETS: tuple[Importer, ...] = (
    LEDGER_LIVE,
    TREZOR,
    ETHERSCAN,
    ETHERSCAN_TOKENS,
    ETHERSCAN_NFTS,
    COINTRACKING,
    ROTKI_TRADES,
    ROTKI_EVENTS,
    BITTYTAX,
    GHOSTFOLIO,
    WEALTHFOLIO,
    COINLEDGER,
    BITCOIN_TAX,
)

"""What the screens, the command line and the server talk to; it wires, it does not compute."""

from engine.alerts.conditions import outline as alert_outline
from engine.alerts.firing import DataRow
from engine.alerts.kinds import KINDS as ALERT_KINDS
from engine.alerts.kinds.base import Field as AlertField
from engine.alerts.listing import Alert, FiredAlert
from engine.alerts.listing import Phase as AlertPhase
from engine.alerts.preview import Preview as AlertPreview
from engine.alerts.rule import Rule as AlertRule
from engine.assistant.tools.base import Param
from engine.ledger.history import History
from engine.ledger.importers import ImportPreview
from engine.ledger.importers.mapping import KINDS as MAPPING_KINDS
from engine.ledger.importers.mapping import ROLES as MAPPING_ROLES
from engine.ledger.importers.mapping import SKIP as MAPPING_SKIP
from engine.ledger.importers.mapping import Mapping as ColumnMapping
from engine.ledger.importers.mapping import Role as ColumnRole
from engine.ledger.importers.mapping import mapping_from_body, mapping_to_body
from engine.ledger.importers.peek import Peek
from engine.ledger.methods import METHOD_NAMES, CostBasis, Method
from engine.ledger.reconcile import Balance
from engine.ledger.transfers import Candidate, Decision
from engine.ledger.valuation import HoldingRow, Valuation
from engine.market.anyfile import Preview as MarketPreview
from engine.market.measurements import MeasurementPreview
from engine.market.nftfile import SalePreview
from engine.market.onchain.cards import balances_card, pair_card, position_card, token_cards
from engine.market.prices import PricePreview
from engine.market.quality import Quality
from engine.market.resample import Candle
from engine.market.sources.defillama import Pool
from engine.model.catalogue import CatalogueEntry
from engine.model.registry import DiskUse, ModelFile
from engine.model.remote.endpoint import Endpoint, RemoteModel
from engine.service.adapters import Adapter
from engine.service.alert_offers import AlertOffers
from engine.service.alerts import AlertKind
from engine.service.analysis import Form
from engine.service.analysis import Outcome as AnalysisOutcome
from engine.service.backup import restore
from engine.service.crash import describe, report_crash
from engine.service.doctor import Finding, examine
from engine.service.download_offer import Offer as DownloadOffer
from engine.service.download_run import DownloadStatus
from engine.service.endpoints import Checked as EndpointChecked
from engine.service.ledger import LedgerArea
from engine.service.model_fit import Fit as ModelFit
from engine.service.models import ListedModel, ModelStatus
from engine.service.nodes import Node
from engine.service.onchain import NodeState, TokenReport
from engine.service.online import Refreshed, SourceState
from engine.service.refreshing import RefreshState
from engine.service.service import Service
from engine.service.serving import ServerState
from engine.store.batches import Batch
from engine.store.chat_search import Hit
from engine.store.chats import Chat, Message
from engine.store.edits import Change
from engine.store.measurements import Measurement
from engine.store.nft_sales import NftSale
from engine.store.prices import SeriesInfo
from engine.store.rules import DeletedRule as DeletedAlert
from engine.training_runs.metrics import Figures as TrainingFigures
from engine.training_runs.recipes import Recipe as TrainingRecipe
from engine.training_runs.recipes import title as setting_title
from engine.training_runs.run import Run as TrainingRun

__all__ = [
    "ALERT_KINDS",
    "MAPPING_KINDS",
    "MAPPING_ROLES",
    "MAPPING_SKIP",
    "METHOD_NAMES",
    "Adapter",
    "Alert",
    "AlertField",
    "AlertKind",
    "AlertOffers",
    "AlertPhase",
    "AlertPreview",
    "AlertRule",
    "AnalysisOutcome",
    "Balance",
    "Batch",
    "Candidate",
    "Candle",
    "CatalogueEntry",
    "Change",
    "Chat",
    "ColumnMapping",
    "ColumnRole",
    "CostBasis",
    "DataRow",
    "Decision",
    "DeletedAlert",
    "DiskUse",
    "DownloadOffer",
    "DownloadStatus",
    "Endpoint",
    "EndpointChecked",
    "Finding",
    "FiredAlert",
    "Form",
    "History",
    "Hit",
    "HoldingRow",
    "ImportPreview",
    "LedgerArea",
    "ListedModel",
    "MarketPreview",
    "Measurement",
    "MeasurementPreview",
    "Message",
    "Method",
    "ModelFile",
    "ModelFit",
    "ModelStatus",
    "NftSale",
    "Node",
    "NodeState",
    "Param",
    "Peek",
    "Pool",
    "PricePreview",
    "Quality",
    "RefreshState",
    "Refreshed",
    "RemoteModel",
    "SalePreview",
    "SeriesInfo",
    "ServerState",
    "Service",
    "SourceState",
    "TokenReport",
    "TrainingFigures",
    "TrainingRecipe",
    "TrainingRun",
    "Valuation",
    "alert_outline",
    "balances_card",
    "describe",
    "examine",
    "mapping_from_body",
    "mapping_to_body",
    "pair_card",
    "position_card",
    "report_crash",
    "restore",
    "setting_title",
    "token_cards",
]

"""What the screens, the command line and the server talk to; it wires, it does not compute."""

from engine.ledger.history import History
from engine.ledger.importers import ImportPreview
from engine.ledger.valuation import HoldingRow, Valuation
from engine.market.prices import PricePreview
from engine.model.catalogue import CatalogueEntry
from engine.service.backup import restore
from engine.service.crash import describe, report_crash
from engine.service.doctor import Finding, examine
from engine.service.models import ListedModel, ModelStatus
from engine.service.service import Service
from engine.store.alerts import Alert, AlertEvent
from engine.store.batches import Batch
from engine.store.chats import Chat, Message

__all__ = [
    "Alert",
    "AlertEvent",
    "Batch",
    "CatalogueEntry",
    "Chat",
    "Finding",
    "History",
    "HoldingRow",
    "ImportPreview",
    "ListedModel",
    "Message",
    "ModelStatus",
    "PricePreview",
    "Service",
    "Valuation",
    "describe",
    "examine",
    "report_crash",
    "restore",
]

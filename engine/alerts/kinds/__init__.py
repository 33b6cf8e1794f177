"""The kinds of alerts, one file each."""

from engine.alerts.kinds.base import Kind
from engine.alerts.kinds.correlation import CORRELATION
from engine.alerts.kinds.depeg import DEPEG
from engine.alerts.kinds.drawdown import DRAWDOWN
from engine.alerts.kinds.flags import RED_FLAG
from engine.alerts.kinds.health import HEALTH
from engine.alerts.kinds.liquidity import RANGE
from engine.alerts.kinds.move import MOVE
from engine.alerts.kinds.price import PRICE
from engine.alerts.kinds.stale import STALE
from engine.alerts.kinds.volatility import VOLATILITY
from engine.alerts.kinds.weight import WEIGHT
from engine.alerts.kinds.yields import YIELD

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        PRICE,
        MOVE,
        DRAWDOWN,
        VOLATILITY,
        CORRELATION,
        WEIGHT,
        DEPEG,
        YIELD,
        RANGE,
        HEALTH,
        STALE,
        RED_FLAG,
    )
}

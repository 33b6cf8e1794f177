"""The analyses: tools of the Analysis page, the command line and the chat, one file each."""

from engine.assistant.analyses.base import GROUPS, Analysis
from engine.assistant.analyses.benchmark import BENCHMARK
from engine.assistant.analyses.correlations import CORRELATIONS
from engine.assistant.analyses.drawdown_list import DRAWDOWN_LIST
from engine.assistant.analyses.growth import GROWTH
from engine.assistant.analyses.income import INCOME
from engine.assistant.analyses.loan_health import LOAN_HEALTH
from engine.assistant.analyses.lots_held import LOTS_HELD
from engine.assistant.analyses.lp_lab import LP_LAB
from engine.assistant.analyses.monte_carlo import MONTE_CARLO
from engine.assistant.analyses.movers import MOVERS
from engine.assistant.analyses.nft_value import NFT_VALUE
from engine.assistant.analyses.optimise import OPTIMISE
from engine.assistant.analyses.price_extremes import PRICE_EXTREMES
from engine.assistant.analyses.price_ratio import PRICE_RATIO
from engine.assistant.analyses.range_backtest import RANGE_BACKTEST
from engine.assistant.analyses.rebalance import REBALANCE
from engine.assistant.analyses.risk_board import RISK_BOARD
from engine.assistant.analyses.sale_preview import SALE_PREVIEW
from engine.assistant.analyses.sentiment import SENTIMENT
from engine.assistant.analyses.stress_replay import STRESS_REPLAY
from engine.assistant.analyses.tax_year import TAX_YEAR
from engine.assistant.analyses.token_scorecard import TOKEN_SCORECARD
from engine.assistant.analyses.transaction_sums import TRANSACTION_SUMS
from engine.assistant.analyses.yields_compared import YIELDS_COMPARED
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Tool

_ALL: tuple[Analysis, ...] = (
    RISK_BOARD,
    CORRELATIONS,
    DRAWDOWN_LIST,
    BENCHMARK,
    STRESS_REPLAY,
    MONTE_CARLO,
    OPTIMISE,
    LP_LAB,
    RANGE_BACKTEST,
    LOAN_HEALTH,
    YIELDS_COMPARED,
    NFT_VALUE,
    TOKEN_SCORECARD,
    GROWTH,
    MOVERS,
    REBALANCE,
    LOTS_HELD,
    SALE_PREVIEW,
    TAX_YEAR,
    INCOME,
    TRANSACTION_SUMS,
    SENTIMENT,
    PRICE_EXTREMES,
    PRICE_RATIO,
)

ANALYSES: dict[str, Analysis] = {
    one.name: one for one in sorted(_ALL, key=lambda one: GROUPS.index(one.group))
}


def tool_called(name: str) -> Tool:
    """The tool or the analysis of this name; KeyError if there is none."""
    return TOOLS[name] if name in TOOLS else ANALYSES[name].tool

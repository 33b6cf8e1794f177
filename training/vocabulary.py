"""The fixed part of the vocabulary: control tokens, chat marks and one reserved token per tool."""

END_OF_TEXT = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
CONTROL_TOKENS = (END_OF_TEXT, TURN_START, TURN_END)

MARK_TOKENS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
)

TOOL_NAMES = (
    "portfolio_value",
    "position",
    "profit_loss",
    "best_worst",
    "period_return",
    "volatility",
    "max_drawdown",
    "correlation",
    "what_if",
    "apr_to_apy",
    "compound_growth",
    "impermanent_loss",
    "create_alert",
    "list_alerts",
    "explain_term",
    "price",
    "transactions",
)

# With its JSON quotes a name such as "price" is matched in a call but not in ordinary prose.
TOOL_TOKENS = tuple(f'"{name}"' for name in TOOL_NAMES)

SPARE_TOKENS = tuple(f"<|reserved_{number}|>" for number in range(15))

RESERVED_TOKENS = (*CONTROL_TOKENS, *MARK_TOKENS, *TOOL_TOKENS, *SPARE_TOKENS)

"""Questions that only the sums or the first line of the list of transactions answer.

"How much did I pay in fees", "what have I put in so far", "when did I first buy ether": the tool
is `transactions`, and its lines are shown as they are.
"""

import re

_SHORT = 20  # words; a longer text says more than its question
_FEES = re.compile(
    r"\b(?:how (?:much|many|high|big)|what|total|sum|add up|all|show|list)\b.{0,60}\b"
    r"(?:(?:trading|exchange|network|transaction|maker|taker|gas|total)\s+)?(?:fees?|commissions?)\b"
    r"|\b(?:fees?|commissions?)\b.{0,40}\b(?:paid|pay|cost me|eaten|total|so far|in total)\b"
    r"|^\W*(?:my\s+|total\s+)*(?:fees?|commissions?)(?:\s+paid)?\W*$",
    re.I,
)
_OTHER_FEES = re.compile(
    r"\b(?:pools?|lp|liquidity|impermanent|il|apr|apy|school|uni|explain|define|mean(?:s|ing)?)\b|"
    r"\b(?:what(?:'s| is| are) an?|before|ignoring|without|after|excluding|no) (?:\w+ )?fees?\b",
    re.I,
)
_PUT_IN = re.compile(
    r"\b(?:how much|what|total)\b(?: (?:money|cash|fiat|dollars|euros|of my own money|in total))?"
    r"(?: (?:have|did|had|has))? (?:i|we) (?:\w+ )?"
    r"(?:put in(?:to)?|invest(?:ed)?|spen[dt]|sunk|pour(?:ed)?|deposit(?:ed)?|paid in|pay in)\b|"
    r"^\W*(?:total |all )?(?:money|amount|cash|sum) (?:i )?(?:put in|invested|deposited|spent)\b",
    re.I,
)
_AGAINST = re.compile(
    r"\b(?:back|ahead|behind|richer|poorer|more than|less than|worth|made|make|gain\w*|profit\w*|"
    r"los[st]\w*|return\w*|compared|against|if|per|each|pocket|average)\b",
    re.I,
)
_FIRST = re.compile(
    r"\b(?:when|what|which|show|list|day|date)\b.{0,40}(?<!since i )(?<!since we )"
    r"\b(?:first|earliest|oldest|initial(?:ly)?)\b.{0,20}"
    r"\b(?:buy|bought|purchase[ds]?|acquired?|trade[ds]?|transactions?|get|got|sale|sell|sold)\b|"
    r"\bwhen did (?:i|we) (?:start|begin|get into)\b",
    re.I,
)


def asks_for_sums(question: str) -> bool:
    """Whether fees paid, money put in or a first purchase are asked for."""
    if _FEES.search(question) and not _OTHER_FEES.search(question):
        return True
    if _PUT_IN.search(question) and not _AGAINST.search(question):
        return True
    return bool(_FIRST.search(question)) and len(question.split()) <= _SHORT

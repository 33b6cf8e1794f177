"""Whether a text says something."""

import re


def mentions(text: str, phrase: str) -> bool:
    """Whether a phrase stands there, upper or lower case, and not within a longer word or number.

    "5" is mentioned by "5." and "(5)", not by "150", "5.3" or "1,5".
    """
    alone = rf"(?<!\w)(?<!\d[.,]){re.escape(phrase)}(?!\w|[.,]\d)"
    return re.search(alone, text, re.IGNORECASE) is not None

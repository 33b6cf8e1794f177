"""Everyday requests that are none of Assay's business, from the corpus's intent collections.

They teach the router and the model where their subject ends. Queries of intents that border on
money, alerts or small talk are left out. Source: CLINC150 (clinc/oos-eval, CC BY 3.0).
"""

import random
from pathlib import Path

from training.assistant.wordings import Wording
from training.data import rows

_SOURCE = "clinc/oos-eval"
_BORDER = frozenset(
    "balance bill_balance transactions spending_history interest_rate apr exchange_rate "
    "greeting goodbye thank_you what_can_i_ask_you who_made_you definition yes no maybe "
    "repeat income taxes calculator reminder reminder_update alarm are_you_a_bot "
    "what_is_your_name who_do_you_work_for credit_score credit_limit credit_limit_change "
    "improve_credit_score rollover_401k account_blocked freeze_account transfer report_fraud "
    "min_payment pay_bill bill_due routing direct_deposit oos payday pto_balance "
    "rewards_balance redeem_rewards change_language change_accent change_speed whisper_mode "
    "change_volume reset_settings sync_device user_name change_user_name how_old_are_you "
    "where_are_you_from what_are_your_hobbies do_you_have_pets fun_fact spelling todo_list".split()
)

_REPLIES = (
    "That is outside what I do. I can help with your crypto portfolio.",
    "I can't help with that. Ask me about your holdings, gains, risk, yields or alerts.",
    "That is beyond me. What I know is your portfolio and the words people use around it.",
    "Sorry, I only look after crypto holdings: values, gains, risk, yields, alerts and terms.",
    "No help from me there, I'm afraid. Your portfolio is my only subject.",
    "I have no answer to that one. I can value your coins or explain a crypto term instead.",
    "That's not something I can do. Shall we look at your portfolio instead?",
    "Assay is about your coins only, so I must pass on this.",
)


def everyday_requests(corpus: Path, count: int, seed: int) -> list[Wording]:
    """`count` off-topic wordings with replies of ours; empty when the corpus has none."""
    files = (corpus / f"instruct{suffix}" for suffix in rows.SUFFIXES)
    path = next((file for file in files if file.exists()), None)
    if path is None:
        return []
    queries = [
        row["query"]
        for _, row in rows.read(path)
        if row.get("source") == _SOURCE and row.get("intent") not in _BORDER
    ]
    rng = random.Random(seed)
    chosen = rng.sample(sorted(set(queries)), min(count, len(set(queries))))
    return [
        Wording(
            text.replace("{", "").replace("}", ""),
            None,
            kind="off_topic",
            reply=rng.choice(_REPLIES),
        )
        for text in chosen
    ]

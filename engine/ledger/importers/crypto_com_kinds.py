"""What the transaction kinds in the Crypto.com App's export mean.

A kind that is in none of these tables is refused.
"""

from engine.ledger.importers.movements import (
    CORRECTED,
    GIFT,
    INTEREST,
    MOVED,
    REWARDED,
    SPENT,
    STAKED,
    Meaning,
)

EXCHANGES = frozenset(
    {
        "crypto_exchange",
        "crypto_to_van_sell_order",
        "crypto_viban_exchange",
        "recurring_buy_order",
        "trading.limit_order.cash_account.purchase_commit",
        "trading.limit_order.crypto_wallet.exchange",
        "trading.limit_order.fiat_wallet.sell_commit",
        "van_purchase",
        "viban_purchase",
    }
)
"""The currency goes out, the "to currency" comes in."""
PURCHASES = frozenset({"crypto_purchase", "trading.crypto_purchase.google_pay"})
"""Paid from outside: what it cost is the native amount."""
CARD_TOP_UP = "card_top_up"
"""Coins are sold and the money goes to the card, which the file does not follow."""
SWAPS = frozenset(
    {
        "crypto_wallet_swap",
        "dust_conversion",
        "dynamic_coin_swap",
        "interest_swap",
        "lockup_swap",
    }
)
"""Kinds in two halves, with _debited and _credited at the end."""

MEANINGS: dict[str, Meaning] = {
    "admin_wallet_credited": REWARDED,
    "campaign_reward": REWARDED,
    "card_cashback_reverted": CORRECTED,
    "crypto_deposit": MOVED,
    "crypto_earn_extra_interest_paid": INTEREST,
    "crypto_earn_interest_paid": INTEREST,
    "crypto_payment": SPENT,
    "crypto_payment_refund": CORRECTED,
    "crypto_to_exchange_transfer": MOVED,
    "crypto_transfer": GIFT,
    "crypto_withdrawal": MOVED,
    "exchange_to_crypto_transfer": MOVED,
    "finance.crypto_earn.loyalty_program_extra_interest_paid.crypto_wallet": INTEREST,
    "finance.dpos.compound_interest.crypto_wallet": STAKED,
    "finance.dpos.non_compound_interest.crypto_wallet": STAKED,
    "finance.lockup.dpos_compound_interest.crypto_wallet": STAKED,
    "gift_card_reward": REWARDED,
    "mco_stake_reward": STAKED,
    "pay_checkout_reward": REWARDED,
    "referral_bonus": REWARDED,
    "referral_card_cashback": REWARDED,
    "referral_gift": REWARDED,
    "reimbursement": REWARDED,
    "reimbursement_reverted": CORRECTED,
    "reward.loyalty_program.trading_rebate.crypto_wallet": REWARDED,
    "rewards_platform_deposit_credited": REWARDED,
    "supercharger_reward_to_app_credited": STAKED,
    "transfer_cashback": REWARDED,
    "viban_card_top_up": MOVED,
    "viban_deposit": MOVED,
    "viban_withdrawal": MOVED,
}
"""Kinds of one coin."""

INTERNAL = frozenset(
    {
        "airdrop_locked",
        "council_node_deposit_created",
        "crypto_earn_program_created",
        "crypto_earn_program_withdrawn",
        "finance.dpos.staking.crypto_wallet",
        "finance.dpos.unstaking.crypto_wallet",
        "finance.lockup.dpos_lock.crypto_wallet",
        "lockup_lock",
        "lockup_unlock",
        "lockup_upgrade",
        "supercharger_deposit",
        "supercharger_withdrawal",
        "trading.limit_order.cash_account.purchase_lock",
        "trading.limit_order.cash_account.purchase_unlock",
        "trading.limit_order.cash_account.sell_lock",
        "trading.limit_order.cash_account.sell_unlock",
        "trading.limit_order.crypto_wallet.fund_lock",
        "trading.limit_order.crypto_wallet.fund_unlock",
        "trading.limit_order.fiat_wallet.purchase_lock",
        "trading.limit_order.fiat_wallet.purchase_unlock",
        "trading.limit_order.fiat_wallet.sell_lock",
        "trading.limit_order.fiat_wallet.sell_unlock",
        "viban_deposit_precredit",
        "viban_deposit_precredit_repayment",
    }
)
"""The coins stay the user's, or the row only announces another one."""

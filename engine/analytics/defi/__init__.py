"""Pools, concentrated ranges, loans and yields. Money in Decimal; rates and shares as fractions.

The price of a pool is that of its first coin counted in its second; deposits and results are in
the second. The two-coin 50/50 case is `engine.analytics.impermanent_loss`, compounding is
`engine.analytics.yields`.
"""

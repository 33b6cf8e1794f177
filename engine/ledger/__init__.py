"""Transactions and what follows from them: imports, lots, gains, valuation, performance."""

"""Assay's headless core: ledger, analytics, model child, assistant and the service over them."""

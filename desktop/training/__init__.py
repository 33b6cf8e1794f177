"""The Training page: runs of `assay-train`, their curves, and what can be done with them."""

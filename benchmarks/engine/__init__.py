"""Assay's model runtime measured beside llama-server of the same source, in one run."""

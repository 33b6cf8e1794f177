"""Builds: a source becomes a smaller, compared model file, stage by stage, in a folder each.

The work is done by `assay-quantize` in processes of its own; here is what to run, and what is done.
"""

"""Assay's training measured: speed, memory, and what a method does to a model."""

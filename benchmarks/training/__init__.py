"""Measurements of the training methods on small models made here."""

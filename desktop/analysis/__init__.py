"""The Analysis page: one form per analysis, and its results as cards."""

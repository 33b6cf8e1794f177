"""Pure functions on numbers; no files, no store.

Conventions: daily UTC closes, simple returns P[t] / P[t-1] - 1 over consecutive days, a year has
365 days, standard deviations divide by n - 1, a loss from a peak is a positive number.
"""

"""How to divide money among assets: one small file per method, numpy only.

Weights are fractions of the whole, long-only, and add up to 1; each can have a floor and a cap.
Risk is measured on daily simple returns; conventions as in `engine.analytics`. An allocation
describes the past it was computed from and promises nothing.
"""

"""Prices: importing them and reading them back as series."""

"""Opt-in online sources, one file each: what is asked, and how the answer becomes records.

The parsers serve saved files of the same form as well. Nothing here is asked unless its switch is
on; see `registry.py` for what each host learns.
"""

"""The Market data page: price series, online sources, reads of chains."""

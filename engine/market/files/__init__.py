"""Files of market data nobody vouches for: prices, yields, sentiment, NFT sales.

`tables` reads CSV, Parquet and JSON alike as rows of text; one module per kind of data says which
columns it knows and what its rows mean; `engine.market.anyfile` tells which kind a file is.
"""

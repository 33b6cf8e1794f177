"""Reads of Ethereum-compatible chains through JSON-RPC; sockets are the caller's affair (Rpc)."""

"""Reads GGUF model files without trusting a byte of them."""

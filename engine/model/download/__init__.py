"""Fetches model files from the Hugging Face Hub or a mirror of it."""

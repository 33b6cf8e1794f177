"""llama.cpp's own server tests, run against Assay's server. See run.py."""

"""Models: their shapes, loading and publishing, adapters, other people's formats."""

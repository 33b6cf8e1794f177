"""How much memory a model needs on this machine."""

"""Training beside its peers: MiniMind's own scripts, TRL, plain full fine-tuning."""

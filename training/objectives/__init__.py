"""Training objectives: pure tensor functions, one file each."""

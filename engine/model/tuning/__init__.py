"""The settings a model runs with on this machine: measured, or sensible ones."""

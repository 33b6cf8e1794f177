"""The one training loop: steps, optimizers, checkpoints, schedule, log, several processes."""

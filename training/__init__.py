"""Training: tokenizer, pretraining and instruction tuning of small language models on any CPU."""

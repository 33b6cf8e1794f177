"""Model folders for other programs, one file per kind: vLLM, QLoRA, Ollama, LM Studio."""

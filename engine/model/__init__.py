"""The language model: file checks, the child process that runs it, prompts and parsing."""

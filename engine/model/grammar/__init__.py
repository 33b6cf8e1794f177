"""JSON schemas and tool calls as grammars a model can be held to."""

"""Models on other computers: servers that speak OpenAI's interface."""

"""The chat page: conversations, streaming answers, result cards, choices and drafts."""

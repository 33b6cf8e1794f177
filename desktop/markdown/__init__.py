"""A small, safe Markdown: parsed by us, written into a text document by us, no HTML anywhere."""

"""What the assistant is taught with: wordings, random users, dialogues; its router and lexicon."""

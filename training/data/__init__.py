"""Reading, cleaning, tokenising, mixing and packing of training text."""

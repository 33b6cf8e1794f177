"""The first screen of a new user."""

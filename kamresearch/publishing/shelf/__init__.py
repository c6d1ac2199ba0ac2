"""The shelf of all versions: its page, and what is cleared from it."""

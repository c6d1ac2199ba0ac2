"""What was asked: a request and its parameters."""

TIMEOUT = 1800.0
"""Seconds that each study may take where nobody says otherwise."""

"""Sealed versions: how one comes to be, is found again, and compares with another."""

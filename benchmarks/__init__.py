"""Benchmarks: speed, scale and model quality, each against named peers, one command each."""

"""Making versions: one, many from one load of the data, one again to verify it."""

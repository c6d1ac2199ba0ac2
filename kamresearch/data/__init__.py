"""What comes in, and whether to trust it: contract, sources, checks, names, linkage, simulator."""

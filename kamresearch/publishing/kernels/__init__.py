"""Kernels and other workers, forked from a warmed parent."""

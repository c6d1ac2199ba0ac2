"""How often Python looks for garbage in processes of our own."""

import gc

RARELY = (50_000, 20, 20)
"""New objects, and rounds of the younger generations, before Python looks."""


def look_rarely() -> None:
    """Look for unreachable cycles seldom: with Python's own 700 objects it looks thousands of times
    while Ibis writes questions and matplotlib draws, finds next to nothing, and takes a tenth of
    the processor seconds of a publication.
    """
    gc.set_threshold(*RARELY)

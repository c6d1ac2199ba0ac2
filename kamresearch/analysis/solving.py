"""Whole-number programmes by SciPy's solver, without what it prints of its own."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


def solve_whole(*arguments: Any, **options: Any) -> "OptimizeResult":
    """`scipy.optimize.milp`, silent."""
    from scipy.optimize import milp

    with _nothing_printed():
        return milp(*arguments, **options)


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """HiGHS now and then prints a line for its makers, past Python: a kernel would keep it as an
    output and the report would show it.
    """
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # what it printed may still wait in C's own buffer
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)

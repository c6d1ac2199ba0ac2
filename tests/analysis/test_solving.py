"""What the solver prints of its own reaches no page."""

import ctypes

import numpy as np
from scipy.optimize import Bounds

from kamresearch.analysis.solving import solve_whole


def test_a_line_that_the_solver_prints_is_not_seen_and_ours_are(capfd, monkeypatch):
    def chatty(cost, **options):
        ctypes.CDLL(None).puts(b"tmpSolver.run();")
        return cost, options

    monkeypatch.setattr("scipy.optimize.milp", chatty)
    print("before")
    assert solve_whole(1, bounds=2) == (1, {"bounds": 2})
    print("after")
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr().out == "before\nafter\n"


def test_it_solves():
    found = solve_whole(np.array([-1.0, 2.0]), integrality=np.ones(2), bounds=Bounds(0, 1))
    assert found.x.tolist() == [1.0, 0.0]

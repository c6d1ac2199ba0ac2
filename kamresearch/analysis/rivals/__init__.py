"""Rivals in the accounts' own wallets: our share, who takes from us, and from whom we take.

wallet = kam.rivals.read_wallet(tables, as_of, brand)
kam.rivals.measure_moves(wallet).frame     # from, to, n, share, low, high
"""

from kamresearch.analysis.rivals.losses import Takers, read_takers
from kamresearch.analysis.rivals.moves import Moves, measure_moves
from kamresearch.analysis.rivals.wallet import Wallet, read_wallet

__all__ = ["Moves", "Takers", "Wallet", "measure_moves", "read_takers", "read_wallet"]

"""The customer's side: what we brought them, whom we know there, and what they ask for.

kam.customer.measure_given(tables, as_of).frame     # account_id, given, confirmed, ours …
"""

from kamresearch.analysis.customer.given import Given, measure_given
from kamresearch.analysis.customer.needs import Needs, rank_needs
from kamresearch.analysis.customer.relations import Relations, measure_relations

__all__ = ["Given", "Needs", "Relations", "measure_given", "measure_relations", "rank_needs"]

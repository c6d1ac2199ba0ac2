"""Company names in two languages: what stays of a name when width, script, brackets and legal
form are set aside.
"""

from kamresearch.data.names.hierarchy import find_groups
from kamresearch.data.names.normal import NameParts, normalise_name, simplify, split_name

__all__ = ["NameParts", "find_groups", "normalise_name", "simplify", "split_name"]

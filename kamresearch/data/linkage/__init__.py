"""Records that speak of the same account: linked without anybody writing a comparison."""

from kamresearch.data.linkage.linking import link
from kamresearch.data.linkage.result import LinkResult

__all__ = ["LinkResult", "link"]

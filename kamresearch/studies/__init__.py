"""Studies: what each notebook declares, and the session in which it runs.

One module a study (``sales_trend.py``, ``churn.py`` …) holds its parameters and its ``STUDY``
declaration; a new
module here is found by itself, and the rest of the house never lists studies by hand.
"""

from typing import TYPE_CHECKING, Any

from kamresearch.studies.declaration import Study, StudyParams, all_studies, find_study, owner_of

if TYPE_CHECKING:
    from kamresearch.studies.session import Session, open_study

__all__ = ["Session", "Study", "StudyParams", "all_studies", "find_study", "open_study", "owner_of"]


def __getattr__(name: str) -> Any:
    # Only a running notebook needs the session, and pandas with it; listing studies stays cheap.
    if name in ("Session", "open_study"):
        from kamresearch.studies import session

        return getattr(session, name)
    raise AttributeError(f"module 'kamresearch.studies' has no attribute {name!r}")

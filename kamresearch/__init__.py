"""Key account management, researched: account data in, sealed and versioned evidence out.

    import kamresearch as kam
    tables = kam.open_data("data/cases/geely_volvo")
    snapshot = kam.account_snapshot(tables, as_of="2012-12-31")

Every name below loads its module on first use, so that ``import kamresearch`` stays cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the names below, for editors and type checkers
    from IPython.core.interactiveshell import InteractiveShell

    from kamresearch import figures as figures
    from kamresearch.analysis import causes as causes
    from kamresearch.analysis import churn as churn
    from kamresearch.analysis import claims as claims
    from kamresearch.analysis import customer as customer
    from kamresearch.analysis import dealers as dealers
    from kamresearch.analysis import decisions as decisions
    from kamresearch.analysis import experiment as experiment
    from kamresearch.analysis import lifetime as lifetime
    from kamresearch.analysis import market as market
    from kamresearch.analysis import organisation as organisation
    from kamresearch.analysis import pipeline as pipeline
    from kamresearch.analysis import price as price
    from kamresearch.analysis import quality as quality
    from kamresearch.analysis import record as record
    from kamresearch.analysis import rivals as rivals
    from kamresearch.analysis import segmentation as segmentation
    from kamresearch.analysis import service as service
    from kamresearch.analysis import swot as swot
    from kamresearch.analysis import targets as targets
    from kamresearch.analysis import trend as trend
    from kamresearch.analysis import warning as warning
    from kamresearch.data import linkage as linkage
    from kamresearch.data import simulate as simulate
    from kamresearch.data.sources import open_data as open_data
    from kamresearch.features.months import account_months as account_months
    from kamresearch.features.snapshot import account_snapshot as account_snapshot
    from kamresearch.features.standing import account_standing as account_standing
    from kamresearch.publishing import account as account
    from kamresearch.publishing import compare as compare
    from kamresearch.publishing import findings as findings
    from kamresearch.publishing import history as history
    from kamresearch.publishing import publish as publish
    from kamresearch.publishing import sweep as sweep
    from kamresearch.publishing import upgrade as upgrade
    from kamresearch.publishing import versions as versions
    from kamresearch.studies import open_study as open_study

__version__ = "0.3.0.dev0"

# public name -> (module, attribute inside it; None for the module itself)
_PUBLIC = {
    "open_data": ("kamresearch.data.sources", "open_data"),
    "account": ("kamresearch.publishing", "account"),
    "account_snapshot": ("kamresearch.features.snapshot", "account_snapshot"),
    "account_standing": ("kamresearch.features.standing", "account_standing"),
    "account_months": ("kamresearch.features.months", "account_months"),
    "simulate": ("kamresearch.data.simulate", None),
    "linkage": ("kamresearch.data.linkage", None),
    "trend": ("kamresearch.analysis.trend", None),
    "market": ("kamresearch.analysis.market", None),
    "claims": ("kamresearch.analysis.claims", None),
    "segmentation": ("kamresearch.analysis.segmentation", None),
    "lifetime": ("kamresearch.analysis.lifetime", None),
    "churn": ("kamresearch.analysis.churn", None),
    "causes": ("kamresearch.analysis.causes", None),
    "warning": ("kamresearch.analysis.warning", None),
    "swot": ("kamresearch.analysis.swot", None),
    "organisation": ("kamresearch.analysis.organisation", None),
    "targets": ("kamresearch.analysis.targets", None),
    "decisions": ("kamresearch.analysis.decisions", None),
    "pipeline": ("kamresearch.analysis.pipeline", None),
    "service": ("kamresearch.analysis.service", None),
    "rivals": ("kamresearch.analysis.rivals", None),
    "price": ("kamresearch.analysis.price", None),
    "customer": ("kamresearch.analysis.customer", None),
    "dealers": ("kamresearch.analysis.dealers", None),
    "quality": ("kamresearch.analysis.quality", None),
    "record": ("kamresearch.analysis.record", None),
    "experiment": ("kamresearch.analysis.experiment", None),
    "figures": ("kamresearch.figures", None),
    "open_study": ("kamresearch.studies", "open_study"),
    "publish": ("kamresearch.publishing", "publish"),
    "versions": ("kamresearch.publishing", "versions"),
    "findings": ("kamresearch.publishing", "findings"),
    "compare": ("kamresearch.publishing", "compare"),
    "history": ("kamresearch.publishing", "history"),
    "sweep": ("kamresearch.publishing", "sweep"),
    "upgrade": ("kamresearch.publishing", "upgrade"),
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'kamresearch' has no attribute {name!r}")
    module_name, attribute = _PUBLIC[name]
    module = import_module(module_name)
    value = module if attribute is None else getattr(module, attribute)
    if attribute is None and hasattr(module, "__all__"):
        # Tab shows what is meant to be called, not what the module itself imports.
        module.__dict__.setdefault("__dir__", lambda: sorted(module.__all__))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__all__", "__doc__", "__version__"]


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Answer ``%load_ext kamresearch`` in a notebook."""
    from kamresearch.ipython import load

    load(shell)

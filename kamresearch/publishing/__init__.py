"""Publishing: parameters → executed studies → rendered pages → one sealed version on the shelf."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kamresearch.publishing.series import compare as compare
    from kamresearch.publishing.series import history as history
    from kamresearch.publishing.series import sweep as sweep
    from kamresearch.publishing.series import upgrade as upgrade
    from kamresearch.publishing.surface import account as account
    from kamresearch.publishing.surface import findings as findings
    from kamresearch.publishing.surface import publish as publish
    from kamresearch.publishing.surface import versions as versions

_PUBLIC = {
    "publish": "surface",
    "versions": "surface",
    "findings": "surface",
    "account": "surface",
    "compare": "series",
    "history": "series",
    "sweep": "series",
    "upgrade": "series",
}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"kamresearch.publishing.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'kamresearch.publishing' has no attribute {name!r}")

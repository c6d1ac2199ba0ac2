"""Publishing: parameters → executed studies → rendered pages → one sealed version on the shelf."""

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


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"kamresearch.publishing.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'kamresearch.publishing' has no attribute {name!r}")

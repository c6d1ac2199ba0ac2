"""Publishing: parameters → executed studies → rendered pages → one sealed version on the shelf."""

_PUBLIC = {"publish": "surface", "versions": "surface", "findings": "surface", "account": "surface"}


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        from kamresearch.publishing import surface

        return getattr(surface, name)
    raise AttributeError(f"module 'kamresearch.publishing' has no attribute {name!r}")

# Nouns alone (see ../__init__.pyi).
from typing import Any

class BaseBackend(Any): ...

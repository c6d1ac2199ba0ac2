# Ibis makes the methods of its expressions at run time, from the engine's columns.
from typing import Any

def __getattr__(name: str) -> Any: ...

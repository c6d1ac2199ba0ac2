# Nouns alone (see ../__init__.pyi).
from ibis.backends import BaseBackend

class Backend(BaseBackend): ...

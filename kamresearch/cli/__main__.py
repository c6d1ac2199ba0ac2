"""``python -m kamresearch.cli``."""

from kamresearch.cli import main

main()

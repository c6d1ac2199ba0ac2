"""What ``pytest --nbval notebooks`` compares: the stable text of every output.

Findings print their numbers with five significant digits, texts and caveats print themselves;
pictures, HTML tables and
the full-precision JSON beside them may differ in their last digits from one processor to another
and are left out.
"""

from kamresearch.studies.outputs import MIME

LEFT_OUT = (MIME, "image/svg+xml", "text/html", "image/png")


def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(item.parent, "skip_compare"):
            item.parent.skip_compare = tuple(dict.fromkeys((*item.parent.skip_compare, *LEFT_OUT)))

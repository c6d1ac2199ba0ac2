"""From an export to a first mapping: what is there is looked at, what is open is asked."""

from kamresearch.data.start.cells import read_cells
from kamresearch.data.start.draft import Draft, Question, draft_mapping
from kamresearch.data.start.looking import Looked, look
from kamresearch.data.start.writing import mapping_text

__all__ = ["Draft", "Looked", "Question", "draft_mapping", "look", "mapping_text", "read_cells"]

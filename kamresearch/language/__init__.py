"""Several languages from one execution: messages, catalogues, and the forms of numbers and dates.

    from kamresearch.language import message as _
    caption = _("Sales fell by {change} in {year}.", change=Quantity(-0.109, "share"), year="2012")
    caption.render("zh")

English is the source language; translations live in ``catalogue/<language>/*.po`` where a
translator edits them. All catalogues of a language are read as one (see `tongues`).
"""

from kamresearch.language.catalogue_store import missing_translations, translate
from kamresearch.language.format import Quantity, format_quantity
from kamresearch.language.message import (
    Fixed,
    Message,
    Person,
    Text,
    current_language,
    data_words,
    message,
    render,
    render_all,
    use_language,
    word,
    words_of,
)
from kamresearch.language.tongues import LANGUAGES, tongue

__all__ = [
    "LANGUAGES",
    "Fixed",
    "Message",
    "Person",
    "Quantity",
    "Text",
    "current_language",
    "data_words",
    "format_quantity",
    "message",
    "missing_translations",
    "render",
    "render_all",
    "tongue",
    "translate",
    "use_language",
    "word",
    "words_of",
]

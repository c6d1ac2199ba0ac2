"""A sealed version in another form: on paper, as slides, a workbook, pictures, or one file."""

FORMS = {
    "pdf": "paper:print_pages",
    "pptx": "slides:write_slides",
    "xlsx": "sheets:write_workbook",
    "zip": "archive:write_zip",
    "png": "pictures:write_png",
    "svg": "pictures:write_svg",
    "openlineage": "lineage:write_event",
}
"""Form → the module here and its function. One that `run` does not name takes the version, its
chapters, a language and the path of one file.
"""

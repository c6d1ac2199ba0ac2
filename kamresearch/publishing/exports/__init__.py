"""A sealed version in another form: on paper, as slides, a workbook, pictures, or one file."""

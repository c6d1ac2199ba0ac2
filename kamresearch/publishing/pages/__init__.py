"""From an executed notebook to a page complete in one file."""

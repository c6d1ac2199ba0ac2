"""Tools of the workshop: locks, documentation pages, mutation checks. Nothing here is imported
by the package.
"""

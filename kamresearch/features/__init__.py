"""Features: orders → account snapshot as of a date, account-month panel, the single account
view.
"""

"""Answers: validated tables → frozen results with findings, tables and caveats. One module per
question.
"""

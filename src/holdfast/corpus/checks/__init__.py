"""The checks of the quality report: what each document says of itself, and what many documents say together.

Knows nothing of sources, of how a version is made, or of who reads the report.
"""

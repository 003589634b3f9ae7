"""Writes the pages of docs/reference from the code. Knows nothing of the other pages."""

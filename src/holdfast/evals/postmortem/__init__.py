"""Postmortems: what went wrong, for whom, and what is known of why, as a document for a person to edit.

Knows nothing of the command line.
"""

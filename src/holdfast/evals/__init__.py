"""Evaluation: cases asked of a release, scored, and weighed against the feature's bar.

Knows nothing of HTTP, of the command line, or of where anything is kept.
"""

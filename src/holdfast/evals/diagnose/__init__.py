"""Diagnosis: which part failed, how sure that is, and the cheapest change with which the answer passes.

Knows nothing of HTTP, of the command line, or of the project that hosts it.
"""

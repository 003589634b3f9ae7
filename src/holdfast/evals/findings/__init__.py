"""Looks at a feature: from its recordings, evaluations, diagnoses and corpora to findings with stable codes.

Knows nothing of who asked for a look.
"""

"""Corpus: from a source to passages: clean, chunk, embed, index, search.

Knows nothing of features, models or requests.
"""

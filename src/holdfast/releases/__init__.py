"""Releases: where their choices come from, and which of them answers. Knows nothing of how features are run."""

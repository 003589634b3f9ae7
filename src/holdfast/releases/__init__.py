"""Releases: where the choices a release holds come from. Knows nothing of how features are run."""

"""The store: recordings, releases, prompts, feedback and keys; the only room that speaks SQL.

Knows nothing of how a recording comes to be.
"""

from holdfast.store.opening import open_store

__all__ = ["open_store"]

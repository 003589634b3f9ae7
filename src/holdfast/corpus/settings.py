"""What a project says about one corpus, as one frozen value.

Knows nothing of the file it was written in.
"""

from __future__ import annotations

from msgspec import Struct

from holdfast.records import Json

DEFAULT_WEIGHT = 0.6
"""The share of the vector score in the fusion, for every corpus; docs/decisions/0019-ranking.md has figures."""


class CorpusSettings(Struct, frozen=True, kw_only=True):
    """Where a corpus comes from and how it is indexed.

    `source` is a kind (`folder`, `rows`, `web`) or `package.module:Class`; `options` are that source's own settings,
    and relative paths in them start at `base_dir`. `max_tokens` bounds a chunk, `keep` is how many versions stay
    besides those that a release names, `language` picks stemmer and stop words of the lexical index (`none`: neither).
    `limits` are the most of each finding that a version may have to be published, a count or a share (`"20%"`).
    """

    name: str
    source: str = "folder"
    options: dict[str, Json] = {}
    base_dir: str = "."
    max_tokens: int = 150
    keep: int = 5
    language: str = "english"
    weight: float = DEFAULT_WEIGHT
    limits: dict[str, str | int] = {}
    stale_after_days: int = 730

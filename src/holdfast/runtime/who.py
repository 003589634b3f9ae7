"""Who asks. Knows nothing of keys or headers."""

from __future__ import annotations

from msgspec import Struct


class Who(Struct, frozen=True, kw_only=True):
    """The subject of a request, its tenant, and the principals it may see documents as.

    `for_any`: whoever asks may ask on behalf of every subject, and so read what any of them was answered.
    """

    subject: str | None = None
    tenant: str = ""
    principals: tuple[str, ...] = ()
    for_any: bool = False


ANYONE = Who()

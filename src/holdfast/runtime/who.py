"""Who asks. Knows nothing of keys or headers."""

from __future__ import annotations

from msgspec import Struct


class Who(Struct, frozen=True, kw_only=True):
    """The subject of a request, its tenant, and the principals it may see documents as."""

    subject: str | None = None
    tenant: str = ""
    principals: tuple[str, ...] = ()


ANYONE = Who()

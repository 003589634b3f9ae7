"""Keys of callers: how one is made, and how its text is checked.

Knows nothing of where keys are kept or what a request is.

The text of a key is `hf_<public id>_<secret>`. The id may be shown and logged; of the secret only the SHA-256 is
kept. A fast hash is enough because the secret is 192 bits of chance, which no dictionary holds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import UTC, datetime

from holdfast.errors import Misconfigured, nearest
from holdfast.stores import Key

ACT_AS = "act-as"
"""The scope of a key that may say on whose behalf it calls (Holdfast-Subject)."""

NAME_RELEASE = "release"
"""The scope of a key that may say which release answers its request (Holdfast-Release)."""

PROMOTE = "promote"
"""The scope of a key that may create releases and change which one answers everybody."""

CASES = "cases"
"""The scope of a key that may add to the project's cases, which decide what passes."""

SCOPES = (ACT_AS, NAME_RELEASE, PROMOTE, CASES)


def new_key(
    name: str, scopes: Collection[str] = (), *, tenant: str = "", at: datetime | None = None
) -> tuple[Key, str]:
    """A key to keep and its text to show once. Raises Misconfigured (HF100) for an empty name or an unknown scope."""
    if not name.strip() or not name.isprintable():
        raise Misconfigured("HF100", "a key needs a name that can be printed", "type: holdfast keys create NAME")
    for scope in scopes:
        if scope not in SCOPES:
            raise Misconfigured("HF100", f"there is no scope '{scope}'", nearest(scope, SCOPES))
    public, secret = secrets.token_hex(6), secrets.token_hex(24)
    key = Key(
        id=public,
        name=name,
        secret_hash=_hash(secret),
        created_at=at or datetime.now(UTC),
        scopes=tuple(scopes),
        tenant=tenant,
    )
    return key, f"hf_{public}_{secret}"


def id_in(text: str) -> str | None:
    """The public id in a key's text; None when it is no key's text."""
    parts = text.split("_")
    return parts[1] if len(parts) == 3 and parts[0] == "hf" and parts[1] and parts[2] else None


def opens(key: Key, text: str) -> bool:
    """Whether the text's secret is the key's, compared in constant time. A revoked key opens nothing."""
    secret = text.rpartition("_")[2]
    return hmac.compare_digest(_hash(secret), key.secret_hash) and key.revoked_at is None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

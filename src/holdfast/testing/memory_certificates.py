"""Certificates that live in memory, by the contract `Certificates`.

Knows nothing of durability, nor of how a judge is measured.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from holdfast.identity import to_json
from holdfast.judgement import Certificate
from holdfast.store.codec import Codec
from holdfast.store.faults import no_certificate
from holdfast.stores import CertificateQuery


class MemoryCertificates:
    """Certificates by tenant and id. `check` raises where the store is closed."""

    def __init__(self, check: Callable[[], None], codec: Codec) -> None:
        self._check = check
        self._codec = codec
        self._kept: dict[tuple[str, str], bytes] = {}

    async def add(self, certificate: Certificate) -> None:
        """See `Certificates`."""
        self._check()
        place = (certificate.tenant, certificate.id)
        self._kept.setdefault(place, self._codec.scrubbed(to_json(certificate)))

    async def get(self, certificate_id: str, tenant: str = "") -> Certificate:
        """See `Certificates`."""
        self._check()
        found = self._kept.get((tenant, certificate_id))
        if found is None:
            raise no_certificate(certificate_id)
        return msgspec.json.decode(found, type=Certificate)

    async def find(self, query: CertificateQuery) -> tuple[Certificate, ...]:
        """See `Certificates`."""
        self._check()
        if query.before is not None:
            await self.get(query.before, query.tenant)
        found = [
            msgspec.json.decode(content, type=Certificate)
            for (tenant, name), content in sorted(self._kept.items(), reverse=True)
            if tenant == query.tenant and (query.before is None or name < query.before)
        ]
        wanted = [
            each for each in found if query.feature in (None, each.feature) and query.scorer in (None, each.scorer)
        ]
        return tuple(wanted[: query.limit])

"""Certificates in a database, by the contract `Certificates`.

Knows nothing of threads, nor of how a judge is measured.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from holdfast.identity import to_json
from holdfast.judgement import Certificate
from holdfast.store.faults import no_certificate
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import CertificateQuery

_FILTERS: Mapping[str, str] = {
    "feature": "AND feature = :feature ",
    "scorer": "AND scorer = :scorer ",
    "before": "AND id < :before ",
}


class SqlCertificates:
    """Certificates by tenant and id."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, certificate: Certificate) -> None:
        """See `Certificates`."""
        data = to_json(certificate)

        def add(keeper: Keeper) -> None:
            place = (certificate.tenant, certificate.id, certificate.feature, certificate.scorer)
            row = (*place, keeper.codec.scrubbed(data).decode())
            keeper.connection.execute(self._sql["add_certificate"], row)

        await self._writer.change(add)

    async def get(self, certificate_id: str, tenant: str = "") -> Certificate:
        """See `Certificates`."""
        return await self._readers.read(lambda reader: self._one(reader, certificate_id, tenant))

    async def find(self, query: CertificateQuery) -> tuple[Certificate, ...]:
        """See `Certificates`."""

        def read(reader: Reader) -> tuple[Certificate, ...]:
            if query.before is not None:
                self._one(reader, query.before, query.tenant)
            asked = "".join(text for name, text in _FILTERS.items() if getattr(query, name) is not None)
            statement = self._sql["find_certificates"].replace("/* filters */", asked)
            rows = reader.connection.execute(
                statement, {name: getattr(query, name) for name in query.__struct_fields__}
            )
            return tuple(msgspec.json.decode(content, type=Certificate) for (content,) in rows)

        return await self._readers.read(read)

    def _one(self, reader: Reader, certificate_id: str, tenant: str) -> Certificate:
        row = reader.connection.execute(self._sql["certificate"], (tenant, certificate_id)).fetchone()
        if row is None:
            raise no_certificate(certificate_id)
        return msgspec.json.decode(row[0], type=Certificate)

"""Trials in a database, by the contract `Trials`.

Knows nothing of threads, nor of how a replay is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from holdfast.identity import to_json
from holdfast.store.faults import no_recording, no_trial
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import PairQuery, TrialQuery
from holdfast.trial import Pair, Trial


class SqlTrials:
    """Trials and their pairs."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, trial: Trial, subjects: Sequence[str] = ()) -> None:
        """See `Trials`."""
        named = "".join(f"\n{subject}\n" for subject in subjects)

        def add(keeper: Keeper) -> None:
            content = keeper.codec.scrubbed(to_json(trial)).decode()
            keeper.connection.execute(self._sql["add_trial"], (trial.tenant, trial.id, named, content))

        await self._writer.change(add)

    async def change(self, trial: Trial) -> None:
        """See `Trials`."""

        def change(keeper: Keeper) -> None:
            row = (keeper.codec.scrubbed(to_json(trial)).decode(), trial.tenant, trial.id)
            if not keeper.connection.execute(self._sql["change_trial"], row).rowcount:
                raise no_trial(trial.id)

        await self._writer.change(change)

    async def get(self, trial_id: str, tenant: str = "") -> Trial:
        """See `Trials`."""
        _, content = await self._readers.read(lambda reader: self._row(reader, trial_id, tenant))
        return msgspec.json.decode(content, type=Trial)

    async def find(self, query: TrialQuery) -> tuple[Trial, ...]:
        """See `Trials`."""

        def read(reader: Reader) -> tuple[Trial, ...]:
            values = {name: getattr(query, name) for name in query.__struct_fields__}
            if query.before is not None:
                self._row(reader, query.before, query.tenant)
            asked = "AND id < :before " if query.before is not None else ""
            rows = reader.connection.execute(self._sql["find_trials"].replace("/* filters */", asked), values)
            return tuple(msgspec.json.decode(content, type=Trial) for (content,) in rows)

        return await self._readers.read(read)

    async def add_pairs(self, trial_id: str, pairs: Sequence[Pair], tenant: str = "") -> None:
        """See `Trials`."""
        packed = [(pair.recording, pair.verdict, to_json(pair)) for pair in pairs]

        def add(keeper: Keeper) -> None:
            number, _ = self._row(keeper, trial_id, tenant)
            for recording, verdict, data in packed:
                content = keeper.codec.scrubbed(data).decode()
                values = {"trial": number, "verdict": verdict, "content": content}
                keeper.connection.execute(self._sql["add_pair"], {**values, "tenant": tenant, "recording": recording})

        await self._writer.change(add)

    async def pairs(self, query: PairQuery) -> tuple[Pair, ...]:
        """See `Trials`."""

        def read(reader: Reader) -> tuple[Pair, ...]:
            number, _ = self._row(reader, query.trial, query.tenant)
            values: dict[str, Any] = {"trial": number, "limit": query.limit, "verdict": query.verdict}
            asked = "" if query.verdict is None else "AND verdict = :verdict "
            if query.after is not None:
                place = (number, query.tenant, query.after)
                row = reader.connection.execute(self._sql["place_of_pair"], place).fetchone()
                if row is None:
                    raise no_recording(query.after)
                values["after"], asked = row[0], asked + "AND n > :after "
            rows = reader.connection.execute(self._sql["find_pairs"].replace("/* filters */", asked), values)
            return tuple(msgspec.json.decode(content, type=Pair) for (content,) in rows)

        return await self._readers.read(read)

    def _row(self, side: Keeper | Reader, trial_id: str, tenant: str) -> tuple[int, str]:
        row = side.connection.execute(self._sql["trial"], (tenant, trial_id)).fetchone()
        if row is None:
            raise no_trial(trial_id)
        number, content = row
        return number, content

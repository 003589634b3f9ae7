"""Prompts, feedback and keys in a database, each by its contract.

Knows nothing of threads, of which database it is, nor of who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.errors import unknown
from holdfast.identity import to_json
from holdfast.records import Feedback
from holdfast.release import Prompt
from holdfast.store.faults import key_taken, no_key, no_recording
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import Key


class SqlPrompts:
    """Prompts by path and number."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def note(self, prompt: Prompt) -> int:
        """See `Prompts`. The same text again gives the same number."""
        return await self._writer.change(lambda keeper: self._note(keeper, prompt))

    async def get(self, path: str, number: int) -> Prompt:
        """See `Prompts`."""
        return await self._readers.read(lambda reader: self._get(reader, path, number))

    def _note(self, keeper: Keeper, prompt: Prompt) -> int:
        execute = keeper.connection.execute
        values = {"path": prompt.path, "hash": prompt.hash, "text": prompt.text}
        row = execute(self._sql["number_of_prompt"], (prompt.path, prompt.hash)).fetchone()
        return int((row or execute(self._sql["add_prompt"], values).fetchone())[0])

    def _get(self, reader: Reader, path: str, number: int) -> Prompt:
        execute = reader.connection.execute
        if row := execute(self._sql["prompt"], (path, number)).fetchone():
            return Prompt(path=path, hash=row[0], text=row[1])
        known = (name for (name,) in execute(self._sql["prompts_known"]))
        raise unknown("HF201", "prompt", f"{path}@{number}", known)


class SqlFeedback:
    """Feedback on recordings."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, feedback: Feedback, tenant: str = "") -> None:
        """See `Feedbacks`. The same id again changes nothing."""
        await self._writer.change(lambda keeper: self._add(keeper, feedback, tenant))

    async def of(self, recording_id: str, tenant: str = "") -> tuple[Feedback, ...]:
        """What was thought of a recording, in order of arrival; empty when there is none."""
        return await self._readers.read(
            lambda reader: tuple(
                msgspec.json.decode(content, type=Feedback)
                for (content,) in reader.connection.execute(self._sql["feedback_of"], (tenant, recording_id))
            )
        )

    def _add(self, keeper: Keeper, feedback: Feedback, tenant: str) -> None:
        place = (tenant, feedback.recording_id)
        row = keeper.connection.execute(self._sql["number_of_recording"], place).fetchone()
        if row is None:
            raise no_recording(feedback.recording_id)
        content = keeper.codec.scrubbed(to_json(feedback))
        said = msgspec.json.decode(content, type=Feedback)
        found_by = (row[0], feedback.subject, said.score, said.label)
        _write(keeper, self._sql["add_feedback"], tenant, feedback.id, *found_by, content.decode())


class SqlKeys:
    """Keys by id."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, key: Key) -> None:
        """Keep a key; the same one again changes nothing. Raises StoreFailed (HF600) when the id is another key's."""
        await self._writer.change(lambda keeper: self._add(keeper, key))

    async def get(self, key_id: str) -> Key | None:
        """See `Keys`."""
        return await self._readers.read(lambda reader: self._find(reader, key_id))

    async def all(self) -> tuple[Key, ...]:
        """Every key, in order of arrival, the revoked ones too."""
        return await self._readers.read(
            lambda reader: tuple(_key(content) for (content,) in reader.connection.execute(self._sql["keys"]))
        )

    async def revoke(self, key_id: str, at: datetime) -> Key:
        """See `Keys`."""
        return await self._writer.change(lambda keeper: self._revoke(keeper, key_id, at))

    def _add(self, keeper: Keeper, key: Key) -> None:
        found = self._find(keeper, key.id)
        if found is None:
            _write(keeper, self._sql["add_key"], key.tenant, key.id, to_json(key).decode())
        elif found != key:
            raise key_taken(key.id)

    def _revoke(self, keeper: Keeper, key_id: str, at: datetime) -> Key:
        found = self._find(keeper, key_id)
        if found is None:
            raise no_key(key_id)
        if found.revoked_at is None:
            found = msgspec.structs.replace(found, revoked_at=at)
            _write(keeper, self._sql["change_key"], to_json(found).decode(), key_id)
        return found

    def _find(self, side: Keeper | Reader, key_id: str) -> Key | None:
        row = side.connection.execute(self._sql["key"], (key_id,)).fetchone()
        return None if row is None else _key(row[0])


def _key(content: str) -> Key:
    return msgspec.json.decode(content, type=Key)


def _write(keeper: Keeper, statement: str, *values: object) -> None:
    keeper.connection.execute(statement, values)

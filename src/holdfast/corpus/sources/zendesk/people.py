"""Who wrote: the users that comments and tickets name, looked up in bulk and kept for one run.

Knows nothing of what they wrote. Of a user only role, name and whether they are suspended are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holdfast.corpus.sources.zendesk.client import Client, Row, rows_of
from holdfast.corpus.sources.zendesk.ticket_items import Person, person
from holdfast.messages import Json

AT_ONCE = 100
MOST_KEPT = 100_000


class People:
    """The users of an account, by id. Those that are gone are kept as unknown, so that they are asked for once."""

    def __init__(self, client: Client, root: str) -> None:
        self._client = client
        self._root = root
        self._known: dict[int, Person] = {}

    def take(self, rows: Sequence[Row]) -> None:
        """Take in users that came with something else."""
        if len(self._known) + len(rows) > MOST_KEPT:
            self._known.clear()
        self._known.update({row["id"]: person(row) for row in rows if isinstance(row.get("id"), int)})

    async def of(self, ids: Iterable[Json]) -> dict[int, Person]:
        """These users; -1 is Zendesk itself, and is nobody."""
        wanted = {own for own in ids if isinstance(own, int) and own > 0}
        found = {own: self._known[own] for own in wanted & self._known.keys()}
        missing = sorted(wanted - found.keys())
        for begin in range(0, len(missing), AT_ONCE):
            some = missing[begin : begin + AT_ONCE]
            url = f"{self._root}/users/show_many.json?ids={','.join(map(str, some))}"
            body = await self._client.find(url, "users")
            rows = rows_of(body or {}, "users")
            self.take([{"id": own} for own in some])
            self.take(rows)
            found |= {own: self._known.get(own, Person()) for own in some}
        return found

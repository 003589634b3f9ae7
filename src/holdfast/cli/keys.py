"""`holdfast keys`: who may call. Knows nothing of what a key opens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked, command, group

if TYPE_CHECKING:
    from holdfast.stores import Key, Store


class ShownKey(Struct, frozen=True, kw_only=True):
    """A key without anything that could open something."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


class NewKey(Struct, frozen=True, kw_only=True):
    """A key that was just made; `key` is shown this once."""

    id: str
    name: str
    scopes: tuple[str, ...]
    key: str


class Listed(Struct, frozen=True):
    """Keys as JSON, the oldest first."""

    keys: tuple[ShownKey, ...]


def commands() -> typer.Typer:
    made = group("Keys of callers: create, list, revoke.")
    command(made, "create")(create)
    command(made, "list")(list_)
    command(made, "revoke")(revoke)
    return made


def create(
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="act-as: may say on whose behalf it calls; release: which release answers; promote: may promote; "
            "cases: may add cases."
        ),
    ] = None,
) -> None:
    """Make a key and print it, this once. --json: {"id", "name", "scopes", "key"}."""
    from holdfast.cli.opening import in_store
    from holdfast.keys import new_key

    key, text = new_key(name, tuple(dict.fromkeys(scope or ())))

    async def work(store: Store) -> None:
        await store.keys.add(key)

    in_store(asked, work)

    def show() -> None:
        asked.terminal.show(text)
        asked.terminal.note(f"this is shown once; send it as: Authorization: Bearer {text[:6]}...")

    asked.answer(NewKey(id=key.id, name=key.name, scopes=key.scopes, key=text), show)


def list_(asked: Asked) -> None:
    """Every key, without its secret. --json: {"keys": [...]}."""
    from holdfast.cli.opening import in_store

    async def work(store: Store) -> Listed:
        return Listed(tuple(_shown(key) for key in await store.keys.all()))

    listed = in_store(asked, work)

    def show() -> None:
        from holdfast.cli import words
        from holdfast.cli.terminal import table

        rows = [
            (
                key.id,
                key.name,
                ", ".join(key.scopes),
                words.moment(key.created_at),
                "" if key.revoked_at is None else f"revoked {words.moment(key.revoked_at)}",
            )
            for key in listed.keys
        ]
        if rows:
            asked.terminal.show(table("id", "name", "scopes", "created", "", rows=rows))
        else:
            asked.terminal.note("there is no key; on loopback none is needed: holdfast keys create NAME")

    asked.answer(listed, show)


def revoke(asked: Asked, key: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Revoke a key by its id or its text; from now on it opens nothing. --json: the key without its secret."""
    from holdfast.cli.opening import in_store
    from holdfast.keys import id_in

    async def work(store: Store) -> ShownKey:
        return _shown(await store.keys.revoke(id_in(key) or key, datetime.now(UTC)))

    revoked = in_store(asked, work)
    asked.answer(revoked, lambda: asked.terminal.show(f"revoked {revoked.id} ({revoked.name})"))


def _shown(key: Key) -> ShownKey:
    return ShownKey(id=key.id, name=key.name, scopes=key.scopes, created_at=key.created_at, revoked_at=key.revoked_at)

"""The people of a simulated account, and the small tables beside its tickets. Knows nothing of tickets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from holdfast.testing.zendesk.clock import Clock, iso
from holdfast.testing.zendesk.support_rows import (
    DynamicItem,
    DynamicText,
    FieldOption,
    Group,
    Organization,
    TicketField,
    User,
)

ENGLISH = 1
"""The number of the locale en-us."""


class People:
    """Users, organizations, groups; ticket fields and dynamic content. The rows may be changed in place."""

    def __init__(self, clock: Clock, ids: Iterator[int]) -> None:
        self.clock = clock
        self.users: dict[int, User] = {}
        self.gone: set[int] = set()
        """Users deleted for good: asked for by id they are not found."""
        self.organizations: dict[int, Organization] = {}
        self.groups: dict[int, Group] = {}
        self.fields: dict[int, TicketField] = {}
        self.dynamic: dict[int, DynamicItem] = {}
        self._ids = ids

    def user(
        self,
        name: str,
        email: str | None,
        role: Literal["end-user", "agent", "admin"] = "end-user",
        *,
        organization: Organization | None = None,
        tags: tuple[str, ...] = (),
    ) -> User:
        now = iso(self.clock.now())
        made = User(id=next(self._ids), name=name, email=email, role=role, tags=list(tags), created_at=now)
        made.organization_id = None if organization is None else organization.id
        made.updated_at = now
        self.users[made.id] = made
        return made

    def suspend(self, user_id: int) -> None:
        self.users[user_id].suspended = True
        self._touched(user_id)

    def delete(self, user_id: int, *, for_good: bool = False) -> None:
        """A deleted user is no longer active; one deleted for good has lost the name too."""
        user = self.users[user_id]
        user.active = False
        if for_good:
            user.name, user.email = "Permanently Deleted User", None
            self.gone.add(user_id)
        self._touched(user_id)

    def merge(self, user_id: int, into_id: int) -> None:
        """One person's second account goes into the first; tickets keep the requester they had."""
        self.users[user_id].active = False
        self.users[user_id].email = None
        self._touched(user_id)
        self._touched(into_id)

    def organization(self, name: str, *domains: str) -> Organization:
        now = iso(self.clock.now())
        made = Organization(id=next(self._ids), name=name, domain_names=list(domains), created_at=now, updated_at=now)
        self.organizations[made.id] = made
        return made

    def group(self, name: str) -> Group:
        now = iso(self.clock.now())
        made = Group(id=next(self._ids), name=name, created_at=now, updated_at=now)
        self.groups[made.id] = made
        return made

    def field(self, title: str, kind: str = "text", options: Mapping[str, str] | None = None) -> TicketField:
        """A ticket field; `options` are its values and what they are called."""
        now = iso(self.clock.now())
        made = TicketField(id=next(self._ids), type=kind, title=title, raw_title=title, created_at=now, updated_at=now)
        if options is not None:
            made.custom_field_options = [
                FieldOption(id=next(self._ids), name=name, raw_name=name, value=value)
                for value, name in options.items()
            ]
        self.fields[made.id] = made
        return made

    def dynamic_text(self, name: str, texts: Mapping[int, str]) -> DynamicItem:
        """Dynamic content that `{{dc.NAME}}` stands for; texts by the number of their locale, the first the default."""
        now = iso(self.clock.now())
        first = next(iter(texts))
        made = DynamicItem(id=next(self._ids), name=name, placeholder=f"{{{{dc.{name}}}}}", default_locale_id=first)
        made.texts = [
            DynamicText(id=next(self._ids), locale_id=locale, content=text, default=locale == first)
            for locale, text in texts.items()
        ]
        made.created_at = made.updated_at = now
        self.dynamic[made.id] = made
        return made

    def _touched(self, user_id: int) -> None:
        self.users[user_id].updated_at = iso(self.clock.now())

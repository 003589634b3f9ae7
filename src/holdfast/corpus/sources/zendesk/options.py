"""What a project may say of a Zendesk account, checked before anything is asked.

Knows nothing of HTTP; the credentials in here are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from holdfast.corpus.sources.values import moment_of
from holdfast.durations import seconds_in
from holdfast.errors import Misconfigured
from holdfast.identity import canonical, digest

STAFF = "staff"
"""The principal that stands for everybody who answers for the company."""

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_STATUSES = ("new", "open", "pending", "hold", "solved", "closed")


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a corpus whose source is `zendesk`; docs/how-to/build/connect-zendesk.md says what each does.

    `principals` None: the source's own, which is everyone for public articles and `staff` for tickets.
    """

    subdomain: str = ""
    base_url: str = ""
    email: str = ""
    token: str = ""
    oauth_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    content: Literal["articles", "tickets"] = "articles"
    locales: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    include_drafts: bool = False
    start: Any = None
    statuses: tuple[str, ...] = ()
    internal_notes: bool = False
    attachments: bool = False
    sweep_every: str = "0s"
    patience: str = "15m"
    principals: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"Options({self.origin!r}, {self.content!r})"

    @property
    def origin(self) -> str:
        """Scheme and host of the account, without a slash at the end."""
        return _origin(self.base_url or self.subdomain)

    @property
    def help_centers(self) -> tuple[str, ...]:
        """The origins whose articles are read: one for each brand, or the account's own."""
        return tuple(dict.fromkeys(_origin(brand) for brand in self.brands)) or (self.origin,)

    @property
    def anonymous(self) -> bool:
        return not (self.token or self.oauth_token or self.client_id)

    @property
    def since(self) -> datetime | None:
        """Nothing that was not touched since then becomes a document; None: however old."""
        return moment_of(self.start)

    @property
    def sweep_every_s(self) -> int:
        return seconds_in(self.sweep_every)

    @property
    def patience_s(self) -> int:
        return seconds_in(self.patience)

    @property
    def made(self) -> str:
        """A hash of what decides which items land: when it changes, everything is read anew."""
        start = self.since.isoformat() if self.content == "tickets" and self.since else ""
        brands = self.help_centers if self.content == "articles" else ()
        kept = (
            1, self.origin, self.content, brands, self.locales, start, self.internal_notes, self.attachments,
            self.anonymous,
        )  # fmt: skip
        return digest(canonical(kept), 16)


OF_ONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tickets": ("locales", "include_drafts", "attachments", "sweep_every"),
        "articles": ("statuses", "internal_notes"),
    }
)
"""The settings that are of the other content alone."""
_DEFAULTS = Options()


def read_options(given: Mapping[str, Any]) -> Options:
    """The settings as they must be. Raises Misconfigured (HF100); no message holds a credential."""
    try:
        options = msgspec.convert(dict(given), Options, strict=True)
    except msgspec.ValidationError as error:
        raise _wrong(
            f"{error}", "settings of the source `zendesk` are in docs/how-to/build/connect-zendesk.md"
        ) from error
    if bool(options.subdomain) == bool(options.base_url):
        raise _wrong("it needs subdomain or base_url, one of the two", 'subdomain = "acme", for acme.zendesk.com')
    for place in (options.base_url or options.subdomain, *(options.brands if options.content == "articles" else ())):
        _check_place(place, options.anonymous)
    _check_credentials(options)
    _check_content(options)
    for name in ("sweep_every", "patience"):
        try:
            seconds_in(getattr(options, name))
        except ValueError as error:
            raise _wrong(f"{name}: {error}", f'{name} = "15m"') from error
    return options


def _check_place(place: str, anonymous: bool) -> None:
    if "://" not in place:
        if not _SUBDOMAIN.fullmatch(place):
            raise _wrong(f"'{place}' is no subdomain", 'write subdomain = "acme" for acme.zendesk.com, or set base_url')
        return
    parts = urlsplit(place)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise _wrong("base_url and brands must be plain URLs of a host", 'base_url = "https://help.acme.com"')
    if parts.scheme == "http" and not anonymous and parts.hostname not in _LOOPBACK:
        raise _wrong(f"credentials would go to {parts.hostname} unencrypted", "write https:// there")


def _check_credentials(options: Options) -> None:
    ways = [options.token or options.email, options.oauth_token, options.client_id or options.client_secret]
    if sum(map(bool, ways)) > 1:
        raise _wrong("there is more than one way to sign in", "keep email and token, or oauth_token, or client_id")
    for one, other in (("email", "token"), ("client_id", "client_secret")):
        if bool(getattr(options, one)) != bool(getattr(options, other)):
            raise _wrong(f"{one} and {other} go together", f'set both, {other} as "env:NAME"')


def _check_content(options: Options) -> None:
    if options.start is not None and options.since is None:
        raise _wrong(f"start = '{options.start}' is no date", "start = 2024-01-01")
    for name in OF_ONE[options.content]:
        if getattr(options, name) != getattr(_DEFAULTS, name):
            raise _wrong(f"{name} says nothing where content is '{options.content}'", f"leave {name} out")
    if options.content == "articles":
        return
    if options.anonymous:
        raise _wrong(
            "nobody may read tickets without credentials", "set email and token, or client_id and client_secret"
        )
    if unknown := set(options.statuses) - set(_STATUSES):
        raise _wrong(f"statuses has {', '.join(sorted(unknown))}", f"statuses are {', '.join(_STATUSES)}")
    if options.internal_notes and options.principals == ():
        raise _wrong("internal notes cannot be for everyone", f'name who may see them: principals = ["{STAFF}"]')


def _origin(place: str) -> str:
    if "://" not in place:
        return f"https://{place}.zendesk.com"
    return place.rstrip("/")


def _wrong(what: str, fix: str) -> Misconfigured:
    return Misconfigured("HF100", f"the source 'zendesk': {what}", fix)

"""Who may call, and as whom: keys, the address that was called, the subject.

Knows nothing of what is called.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from msgspec.structs import replace

from holdfast.errors import Refused
from holdfast.keys import ACT_AS, id_in, opens
from holdfast.runtime.who import Who
from holdfast.server.exchange import Headers, Scope, header_text
from holdfast.server.needs import Project
from holdfast.stores import Key

FRESH_S = 1.0
"""How long keys are believed without asking the store: a revocation takes effect within this time."""


class Access:
    """Decides who may call. On loopback, and only there, a project without keys is open to this machine.

    `loopback` None: each connection tells by both its addresses whether it is on loopback.
    """

    def __init__(self, project: Project, *, loopback: bool | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._project = project
        self._allowed_hosts = project.config.server.allowed_hosts
        self._loopback = loopback
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._stale_at = float("-inf")
        self._reading = asyncio.Lock()

    async def any_key(self) -> bool:
        """Whether there is a key that is not revoked."""
        return bool(await self._known())

    async def check_address(self, scope: Scope, headers: Headers) -> None:
        """Where no key protects the project, refuse what another web site made the browser send (DNS rebinding).

        Raises Refused (HF705) when Host is not this machine's, or Origin is not the page's own.
        """
        if not self._on_loopback(scope) or await self._known():
            return
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._here(_name_in(f"//{host}")):
            raise Refused(
                "HF705",
                f"the host '{host}' is not this machine",
                "call http://127.0.0.1, or name the host under allowed_hosts in [server]",
            )
        origin = headers.get(b"origin")
        if origin is None:
            return
        shown = origin.decode("latin-1")
        authority = shown.partition("://")[2].lower()
        if authority != host.lower() and _name_in(shown) not in self._allowed_hosts:
            raise Refused(
                "HF705",
                f"the origin '{shown}' is not this server's",
                "open the page that this server serves, or name the origin's host under allowed_hosts in [server]",
            )

    def _on_loopback(self, scope: Scope) -> bool:
        if self._loopback is not None:
            return self._loopback
        return all(end is not None and is_loopback(end[0]) for end in (scope.get("server"), scope.get("client")))

    def _here(self, name: str) -> bool:
        return is_loopback(name) or name in self._allowed_hosts

    async def admit(self, scope: Scope, headers: Headers, scopes: Collection[str] = ()) -> Who:
        """Who calls. Raises Refused: HF703 without a valid key, HF704 when the key lacks one of `scopes` or may not act
        for another, HF709 for a subject that cannot be printed."""
        known = await self._known()
        subject = header_text(headers, b"holdfast-subject")
        if not known and self._on_loopback(scope):
            return replace(self._project.who(subject, ""), for_any=subject is None)
        text = _key_text(headers)
        key = known.get(id_in(text) or "")
        if key is None or not opens(key, text):
            said = "there is no key in the request" if not text else "the key is not valid, or was revoked"
            raise Refused("HF703", said, "send Authorization: Bearer KEY; make one with: holdfast keys create NAME")
        for needed in scopes:
            if needed not in key.scopes:
                raise Refused(
                    "HF704",
                    f"the key '{key.name}' may not do that: it lacks the scope '{needed}'",
                    f"make a key that may: holdfast keys create NAME --scope {needed}",
                )
        if subject is None:
            return replace(self._project.who(key.name, key.tenant), for_any=ACT_AS in key.scopes)
        if ACT_AS not in key.scopes:
            raise Refused(
                "HF704",
                f"the key '{key.name}' may not set Holdfast-Subject",
                f"leave the header out, or make a key that may: holdfast keys create NAME --scope {ACT_AS}",
            )
        return self._project.who(subject, key.tenant)

    async def _known(self) -> Mapping[str, Key]:
        """All keys that are not revoked, by id; read again when they are older than `FRESH_S`."""
        if self._clock() >= self._stale_at:
            async with self._reading:
                if self._clock() >= self._stale_at:
                    read_at = self._clock()
                    self._keys = {key.id: key for key in await self._project.store.keys.all() if key.revoked_at is None}
                    self._stale_at = read_at + FRESH_S
        return self._keys


def _key_text(headers: Headers) -> str:
    scheme, _, given = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and given.strip():
        return given.strip()
    return (headers.get(b"x-api-key") or headers.get(b"x-goog-api-key") or b"").decode("latin-1").strip()


def _name_in(url: str) -> str:
    """The host's name in a URL, lower case, without port; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

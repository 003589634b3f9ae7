"""Who may ask a simulated account for what: API tokens, OAuth, what is forbidden. Knows nothing of HTTP."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from holdfast.testing.zendesk.clock import Clock
from holdfast.testing.zendesk.support_rows import User

Role = Literal["anonymous", "end-user", "agent", "admin"]


class Refused(Exception):
    """What was presented is not, or no longer, taken."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks; without a user: anybody."""

    user: User | None = None

    @property
    def role(self) -> Role:
        return "anonymous" if self.user is None else self.user.role

    @property
    def staff(self) -> bool:
        return self.role in ("agent", "admin")


ANYBODY = Viewer()


@dataclass(frozen=True, slots=True)
class Bearer:
    """An OAuth access token, and the one that gets the next."""

    access_token: str
    refresh_token: str
    user: User
    client_id: str
    scope: str
    expires_at_s: int
    lasts_s: int


class Access:
    """Who may ask. Every change takes effect with the next request."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.support_active = True
        """False: the account has no Support product, and its routes answer 403 `SupportProductInactive`."""
        self.forbidden: set[str] = set()
        """Resources that answer 403 to everybody, by name: `articles`, `users`, `ticket_events`, `tickets` ..."""
        self._tokens: dict[tuple[str, str], User] = {}
        self._clients: dict[str, tuple[str, User]] = {}
        self._bearers: dict[str, Bearer] = {}
        self._numbers = itertools.count(1)

    def grant(self, user: User, token: str) -> None:
        """Let the user in by basic authentication as `EMAIL/token:TOKEN`."""
        assert user.email is not None, "basic authentication goes by the address of a user"
        self._tokens[user.email.lower(), token] = user

    def register(self, client_id: str, client_secret: str, user: User) -> None:
        """An OAuth client that acts as this user."""
        self._clients[client_id] = (client_secret, user)

    def issue(self, client_id: str, client_secret: str, scope: str = "read", lasts_s: int = 1800) -> Bearer:
        """A new pair of tokens by client credentials. Raises Refused."""
        secret, user = self._clients.get(client_id, ("", None))
        if user is None or secret != client_secret:
            raise Refused
        number = next(self._numbers)
        expires = self.clock.now() + lasts_s
        bearer = Bearer(f"access-{number}", f"refresh-{number}", user, client_id, scope, expires, lasts_s)
        self._bearers[bearer.access_token] = bearer
        return bearer

    def refresh(self, client_id: str, client_secret: str, refresh_token: str) -> Bearer:
        """A new pair for a refresh token, which is used up by that, as is its access token. Raises Refused."""
        for bearer in tuple(self._bearers.values()):
            if bearer.refresh_token == refresh_token and bearer.client_id == client_id:
                fresh = self.issue(client_id, client_secret, bearer.scope, bearer.lasts_s)
                del self._bearers[bearer.access_token]
                return fresh
        raise Refused

    def revoke(self, token: str) -> None:
        """Take an API token or an access token back, its refresh token too."""
        self._tokens = {key: user for key, user in self._tokens.items() if key[1] != token}
        self._bearers.pop(token, None)

    def basic(self, name: str, password: str) -> Viewer:
        """Who presents `EMAIL/token` and TOKEN. Raises Refused."""
        email, slash, word = name.rpartition("/")
        user = self._tokens.get((email.lower(), password)) if slash and word == "token" else None
        if user is None or not user.active or user.suspended:
            raise Refused
        return Viewer(user)

    def bearer(self, token: str) -> Viewer:
        """Who presents this access token. Raises Refused."""
        held = self._bearers.get(token)
        if held is None or held.expires_at_s <= self.clock.now() or not held.user.active:
            raise Refused
        return Viewer(held.user)

"""How Zendesk is told who asks: an API token, an OAuth token, a client that gets tokens, or nobody.

Knows nothing of what is asked. Credentials are in no message and in no `repr`.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from holdfast.corpus.sources.zendesk.options import Options
from holdfast.messages import Json

RENEW_BEFORE_S = 60.0
DEFAULT_LIFE_S = 7200.0
SCOPE = "read"

Grant = Callable[[dict[str, str]], Awaitable[dict[str, Json]]]
"""Sends a request for a token to the account, and gives its answer."""


class Credentials:
    """What is sent as `Authorization`."""

    def __init__(self, options: Options, now: Callable[[], float]) -> None:
        self._fixed = _fixed(options)
        self._client = (options.client_id, options.client_secret) if options.client_id else None
        self._now = now
        self._token = ""
        self._until = 0.0

    async def header(self, grant: Grant) -> str:
        """The header's value, empty for nobody; asks for a token where one is needed and the last has run out."""
        if self._client is None:
            return self._fixed
        if not self._token or self._now() >= self._until - RENEW_BEFORE_S:
            client_id, secret = self._client
            answer = await grant(
                {
                    "grant_type": "client_credentials",
                    "client_id": client_id,
                    "client_secret": secret,
                    "scope": SCOPE,
                }
            )
            life = answer.get("expires_in")
            self._token = str(answer["access_token"])
            self._until = self._now() + (float(life) if isinstance(life, int | float) and life > 0 else DEFAULT_LIFE_S)
        return f"Bearer {self._token}"

    def refused(self) -> bool:
        """Zendesk did not take the last header; whether another one can be had."""
        had = bool(self._token)
        self._token = ""
        return self._client is not None and had


def _fixed(options: Options) -> str:
    if options.oauth_token:
        return f"Bearer {options.oauth_token}"
    if options.token:
        return "Basic " + base64.b64encode(f"{options.email}/token:{options.token}".encode()).decode()
    return ""
